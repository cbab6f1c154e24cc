// A click on a column's name sorts by it: numbers from the largest, names from A; again, the other
// way round. Cells without a value stay last.
"use strict";
const compare = new Intl.Collator(undefined, {numeric: true}).compare;

function sort(head) {
  const table = head.closest("table"), body = table.tBodies[0], column = head.cellIndex;
  const number = head.classList.contains("number");
  const before = head.getAttribute("aria-sort");
  const rising = before === null ? !number : before === "descending";
  for (const one of head.parentElement.cells) one.removeAttribute("aria-sort");
  head.setAttribute("aria-sort", rising ? "ascending" : "descending");
  const value = (row) => row.cells[column]?.dataset.value ?? "";
  const order = (one, other) => number ? Number(one) - Number(other) : compare(one, other);
  const rows = [...body.rows].map((row) => [value(row), row]);
  rows.sort(([one], [other]) => {
    if (one === "" || other === "") return (one === "") - (other === "");
    return rising ? order(one, other) : order(other, one);
  });
  body.append(...rows.map(([, row]) => row));
}
for (const button of document.querySelectorAll(".sortable th button")) {
  button.addEventListener("click", () => sort(button.parentElement));
}
