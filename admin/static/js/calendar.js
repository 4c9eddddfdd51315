/* Dragging a visit to another day or person opens the question where it goes; nothing is saved by the drag itself. */
const board = document.querySelector("[data-calendar]");
let carried = null;

const cellOf = (event) => event.target.closest?.("td[data-day]");
const mark = (cell) => {
  for (const each of board.querySelectorAll(".drop-here")) if (each !== cell) each.classList.remove("drop-here");
  cell?.classList.add("drop-here");
};

for (const box of board?.querySelectorAll("[data-move]") ?? []) box.draggable = true;

board?.addEventListener("dragstart", (event) => {
  carried = event.target.closest("[data-move]");
  if (!carried) return;
  event.dataTransfer.effectAllowed = "move";
  event.dataTransfer.setData("text/plain", carried.textContent.trim());
  carried.classList.add("carried");
});
board?.addEventListener("dragover", (event) => {
  const cell = carried && cellOf(event);
  if (!cell) return;
  event.preventDefault();
  event.dataTransfer.dropEffect = "move";
  mark(cell);
});
board?.addEventListener("drop", (event) => {
  const cell = carried && cellOf(event);
  if (!cell) return;
  event.preventDefault();
  if (cell === carried.closest("td")) return;
  const { day, person } = cell.dataset;
  const wanted = new URLSearchParams({ day, ...(person ? { person } : {}) });
  htmx.ajax("GET", `${carried.dataset.move}?${wanted}`, { target: "#dialog-body", source: carried });
});
board?.addEventListener("dragend", () => {
  carried?.classList.remove("carried");
  carried = null;
  mark(null);
});
