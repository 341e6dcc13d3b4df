(function () {
  "use strict";
  var root = document.documentElement;
  var remembered = "labshark-language";

  // Language: one attribute on the root element, which the style sheet reads.
  var group = document.querySelector(".language");
  var switches = group.querySelectorAll("button");
  function show(language) {
    root.setAttribute("data-language", language);
    root.lang = language === "en" ? "en" : "zh-Hans";
    switches.forEach(function (button) {
      button.setAttribute("aria-pressed", String(button.dataset.language === language));
    });
  }
  switches.forEach(function (button) {
    button.addEventListener("click", function () {
      show(button.dataset.language);
      try { localStorage.setItem(remembered, button.dataset.language); } catch (e) { /* not kept */ }
    });
  });
  var before = null;
  try { before = localStorage.getItem(remembered); } catch (e) { /* nothing kept */ }
  show(["zh", "en", "both"].indexOf(before) >= 0 ? before : root.getAttribute("data-language"));
  group.hidden = false;

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
