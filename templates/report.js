{% include "language.js" %}

(function () {
  "use strict";
  // Copy buttons: the clipboard where the browser allows it, else the selection.
  function select(code) {
    var range = document.createRange();
    range.selectNodeContents(code);
    var selection = getSelection();
    selection.removeAllRanges();
    selection.addRange(range);
    return document.execCommand("copy");
  }
  function copy(code) {
    if (!navigator.clipboard) { return Promise.resolve(select(code)); }
    return navigator.clipboard.writeText(code.textContent).catch(function () { select(code); });
  }
  document.querySelectorAll("button.copy").forEach(function (button) {
    button.hidden = false;
    button.addEventListener("click", function () {
      copy(document.getElementById(button.dataset.copies)).then(function () {
        button.classList.add("copied");
        setTimeout(function () { button.classList.remove("copied"); }, 1600);
      });
    });
  });

  // Printing shows every exhibit, whatever was folded on the screen.
  addEventListener("beforeprint", function () {
    document.querySelectorAll("details.exhibit").forEach(function (exhibit) { exhibit.open = true; });
  });
})();
