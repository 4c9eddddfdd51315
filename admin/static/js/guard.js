/* Warns before unsaved changes are lost. A form that came back with errors counts as changed. */
const start = new WeakMap();
const state = (form) => new URLSearchParams([...new FormData(form)].filter(([, value]) => typeof value === "string")).toString();
const watch = (root) => {
  for (const form of root.querySelectorAll("form[data-guard]")) {
    if (!start.has(form)) start.set(form, "dirty" in form.dataset ? null : state(form));
  }
};
const changed = (form) => start.has(form) && !form.dataset.sending && start.get(form) !== state(form);

window.addEventListener("beforeunload", (event) => {
  if ([...document.querySelectorAll("form[data-guard]")].some(changed)) event.preventDefault();
});
document.addEventListener("htmx:beforeRequest", (event) => {
  const target = event.detail.target;
  const lost = [...document.querySelectorAll("form[data-guard]")].some((form) => target?.contains(form) && !form.contains(event.detail.elt) && changed(form));
  if (lost && !window.confirm("You have changes that are not saved. Leave them?")) event.preventDefault();
});
document.addEventListener("htmx:load", (event) => watch(event.detail.elt.parentElement ?? event.detail.elt));
watch(document);
