// Copies a payload or a trace: <button data-copy="id of the element">.
document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  const text = document.getElementById(button.dataset.copy).textContent;
  navigator.clipboard.writeText(text).then(() => {
    const label = button.textContent;
    button.textContent = "✓";
    setTimeout(() => { button.textContent = label; }, 1500);
  });
});

// On a phone the rows of a wide table become cards: each cell is told its column's head.
window.nameCells = (root) => root.querySelectorAll(".ap-table").forEach((table) => {
  const heads = [...table.querySelectorAll("thead th")].map((head) => head.querySelector(".ap-hidden") ? "" : head.textContent);
  if (heads.length < 3) return;
  table.classList.add("ap-rows");
  table.querySelectorAll("tbody tr").forEach((row) => [...row.cells].forEach((cell, place) => {
    cell.dataset.head = heads[place] || "";
    // One box for all that a cell holds: the head stands beside it.
    if (cell.childNodes.length && !cell.querySelector(":scope > .ap-cell")) {
      const box = document.createElement("div");
      box.className = "ap-cell";
      box.append(...cell.childNodes);
      cell.append(box);
    }
  }));
});
document.addEventListener("DOMContentLoaded", () => nameCells(document));
document.addEventListener("htmx:afterSwap", () => nameCells(document));
