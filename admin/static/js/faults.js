/* What is wrong in a form: marked while it is typed, found by its link in the summary, and first to have the focus. */
const isShown = (each) => each.checkVisibility?.() ?? each.offsetParent !== null;

/* Say at an input what is wrong with it; nothing where it is right. */
export const tell = (input, words) => {
  const place = input.closest(".input-group") ?? input;
  input.classList.toggle("is-invalid", Boolean(words));
  for (const old of place.parentElement.querySelectorAll(":scope > .field-error")) old.remove();
  if (!words) { input.removeAttribute("aria-invalid"); return; }
  const line = Object.assign(document.createElement("div"), { className: "field-error", id: `${input.id}-fault`, textContent: words });
  line.setAttribute("role", "alert");
  place.after(line);
  input.setAttribute("aria-invalid", "true");
  if (!(input.getAttribute("aria-describedby") ?? "").includes(line.id)) {
    input.setAttribute("aria-describedby", `${input.getAttribute("aria-describedby") ?? ""} ${line.id}`.trim());
  }
};
export const focusFirst = (root) => {
  const wrong = [...root.querySelectorAll("form [aria-invalid=true]")].find(isShown);
  wrong?.focus();
  return Boolean(wrong);
};
document.addEventListener("click", (event) => {
  const link = event.target.closest("a[data-goes-to]");
  const field = link && document.getElementById(link.dataset.goesTo);
  if (!field) return;
  event.preventDefault();
  field.dispatchEvent(new CustomEvent("fieldmesh:show", { bubbles: true }));
  field.focus();
});
/* What the server said of an input no longer holds once it is changed; a native check goes away as soon as it is right. */
document.addEventListener("input", (event) => {
  const { target } = event;
  if (target.id && document.getElementById(`${target.id}-error`)) tell(target, "");
  if (target.dataset?.minimum === undefined && target.validity?.valid && document.getElementById(`${target.id}-fault`)) tell(target, "");
});
document.addEventListener("htmx:load", (event) => {
  const dialog = event.detail.elt.closest?.("dialog");
  if (!dialog) return;
  queueMicrotask(() => { // once the steps are hidden that are not shown
    if (focusFirst(dialog) || dialog.contains(document.activeElement)) return;
    [...dialog.querySelectorAll("input:not([type=hidden]), select, textarea, button")].find(isShown)?.focus();
  });
});
queueMicrotask(() => focusFirst(document));
