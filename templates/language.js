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
})();
