{% include "language.js" %}

(function () {
  "use strict";
  var table = document.querySelector(".students");
  var body = table.tBodies[0];
  var rows = Array.prototype.slice.call(body.rows).map(function (row, place) {
    return { row: row, place: place, text: row.textContent.toLowerCase(), status: row.dataset.status };
  });
  var field = document.querySelector(".controls input");
  var shown = document.querySelector(".controls .number");
  var nobody = document.querySelector(".nobody");
  var chips = Array.prototype.slice.call(document.querySelectorAll(".counts button"));

  // Search: every word has to stand somewhere in the row. Statuses: any of those pressed.
  function filter() {
    var words = field.value.toLowerCase().split(/\s+/).filter(Boolean);
    var pressed = chips.filter(function (chip) { return chip.getAttribute("aria-pressed") === "true"; })
      .map(function (chip) { return chip.dataset.status; });
    var count = 0;
    rows.forEach(function (entry) {
      var fits = (!pressed.length || pressed.indexOf(entry.status) >= 0) &&
        words.every(function (word) { return entry.text.indexOf(word) >= 0; });
      entry.row.hidden = !fits;
      count += fits;
    });
    shown.textContent = String(count);
    nobody.hidden = count > 0;
  }
  field.addEventListener("input", filter);
  chips.forEach(function (chip) {
    chip.disabled = false;
    chip.addEventListener("click", function () {
      chip.setAttribute("aria-pressed", String(chip.getAttribute("aria-pressed") !== "true"));
      filter();
    });
  });
  document.querySelector(".controls .reset").addEventListener("click", function () {
    field.value = "";
    chips.forEach(function (chip) { chip.setAttribute("aria-pressed", "false"); });
    sort(null);
    filter();
    field.focus();
  });
  // A bar of a chart looks for what it counts.
  document.querySelectorAll("svg a[data-find]").forEach(function (bar) {
    bar.addEventListener("click", function (event) {
      event.preventDefault();
      field.value = bar.dataset.find;
      filter();
      document.querySelector(".controls").scrollIntoView();
    });
  });

  // Sorting by a column; a third click goes back to the order of the ids. Empty cells stay last.
  var heads = Array.prototype.slice.call(table.tHead.rows[0].cells);
  function value(entry, head) {
    var cell = entry.row.querySelector("." + head.dataset.column);
    var text = cell ? (cell.dataset.sort || cell.textContent).trim() : "";
    if (!text || text === "—") { return null; }
    return head.classList.contains("r") ? parseFloat(text) : text;
  }
  var words = new Intl.Collator("zh-Hans", { numeric: true });
  function compare(a, b) { return typeof a === "number" ? a - b : words.compare(a, b); }
  function sort(head) {
    var way = head ? { none: "ascending", ascending: "descending", descending: null }[head.getAttribute("aria-sort") || "none"] : null;
    heads.forEach(function (other) { other.removeAttribute("aria-sort"); });
    var keyed = rows.map(function (entry) { return { entry: entry, key: way ? value(entry, head) : null }; });
    keyed.sort(function (a, b) {
      if (a.key === null || b.key === null) {
        return (a.key === null) - (b.key === null) || a.entry.place - b.entry.place;
      }
      var order = compare(a.key, b.key);
      return (way === "descending" ? -order : order) || a.entry.place - b.entry.place;
    });
    if (way) { head.setAttribute("aria-sort", way); }
    var all = document.createDocumentFragment();
    keyed.forEach(function (one) { all.appendChild(one.entry.row); });
    body.appendChild(all);
  }
  heads.forEach(function (head) {
    var button = head.querySelector("button");
    if (button) { button.addEventListener("click", function () { sort(head); }); }
  });

  document.querySelectorAll(".controls").forEach(function (part) { part.hidden = false; });
  filter();
})();
