/* Two lists, available and selected, in place of one in which several are chosen. Without this script that one stands alone. */
const part = (field, name) => field.querySelector(`[data-two-lists-${name}]`);
const copy = (option) => new Option(option.text, option.value);
const draw = (field) => {
  const options = [...part(field, "sent").options];
  part(field, "available").replaceChildren(...options.filter((option) => !option.selected).map(copy));
  part(field, "selected").replaceChildren(...options.filter((option) => option.selected).map(copy));
};
const move = (field, adding) => {
  const list = part(field, adding ? "available" : "selected");
  const marked = new Set([...list.selectedOptions].map((option) => option.value));
  if (!marked.size) return;
  const place = list.selectedIndex;
  for (const option of part(field, "sent").options) if (marked.has(option.value)) option.selected = adding;
  draw(field);
  if (list.options.length) list.selectedIndex = Math.min(place, list.options.length - 1);
  part(field, "told").textContent = `${[...marked].join(", ")} ${adding ? "added" : "removed"}.`;
};
const start = (root) => {
  for (const field of root.querySelectorAll("[data-two-lists]:not([data-two-lists-on])")) {
    field.dataset.twoListsOn = "";
    part(field, "sent").hidden = true;
    part(field, "grid").hidden = false;
    draw(field);
  }
};
document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-two-lists-move]");
  if (button) move(button.closest("[data-two-lists]"), button.dataset.twoListsMove === "add");
});
const listed = (event) => event.target.closest("[data-two-lists-available], [data-two-lists-selected]");
document.addEventListener("dblclick", (event) => {
  const list = listed(event);
  if (list) move(list.closest("[data-two-lists]"), list.matches("[data-two-lists-available]"));
});
document.addEventListener("keydown", (event) => {
  const list = event.key === "Enter" && listed(event);
  if (!list) return;
  event.preventDefault();
  move(list.closest("[data-two-lists]"), list.matches("[data-two-lists-available]"));
});
document.addEventListener("htmx:load", (event) => start(event.detail.elt.parentElement ?? event.detail.elt));
start(document);
