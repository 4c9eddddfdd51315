/* Warns before unsaved changes are lost. A form that came back with errors counts as changed. */
const LOST = "You have changes that are not saved. Leave them?";
const start = new WeakMap();
const givenUp = new WeakMap();
/* What was saved brings a new page: from then on nothing of this one is unsaved. */
let leaving = false;
/* The form of the page that led to the dialog: what the dialog sends is what that one holds. */
let origin = null;
const state = (form) => new URLSearchParams([...new FormData(form)].filter(([, value]) => typeof value === "string")).toString();
const forms = () => [...document.querySelectorAll("form[data-guard]")];
const watch = (root) => {
  for (const form of root.querySelectorAll("form[data-guard]")) {
    if (!start.has(form)) start.set(form, "dirty" in form.dataset ? null : state(form));
  }
};
const changed = (form) => start.has(form) && !form.dataset.sending && start.get(form) !== state(form);

window.addEventListener("beforeunload", (event) => {
  if (!leaving && forms().some(changed)) event.preventDefault();
});
window.addEventListener("pageshow", () => { leaving = false; });
document.addEventListener("input", () => { leaving = false; });
document.addEventListener("htmx:beforeOnLoad", (event) => {
  if (event.detail.xhr.getResponseHeader("HX-Redirect")) leaving = true;
});
document.addEventListener("htmx:beforeRequest", (event) => {
  const { target, elt, requestConfig } = event.detail;
  const lost = forms().some((form) => target?.contains(form) && !form.contains(elt) && changed(form));
  if (lost && !window.confirm(LOST)) { event.preventDefault(); return; }
  if (target?.id !== "dialog-body") return;
  const sent = elt.closest("form");
  if (!target.contains(elt)) origin = sent;
  if (requestConfig.verb !== "post") return;
  const others = forms().filter((form) => form !== sent && form !== origin && changed(form) && givenUp.get(form) !== state(form));
  if (!others.length) return;
  if (window.confirm("Other changes on this page are not saved and would be lost. Go on without them?")) {
    for (const form of others) givenUp.set(form, state(form));
  } else event.preventDefault();
});
document.addEventListener("htmx:load", (event) => watch(event.detail.elt.parentElement ?? event.detail.elt));

/* Whether what stands in a dialog may be given up; asks where something was typed. */
export const mayClose = (dialog) => !forms().some((form) => dialog.contains(form) && changed(form)) || window.confirm(LOST);
watch(document);
