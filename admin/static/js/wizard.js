/* Forms in steps: one step at a time, and back without losing anything. Without this script all steps stand below each other. */
const show = (form, at) => {
  const steps = [...form.querySelectorAll("[data-wizard-step]")];
  const last = steps.length - 1;
  const now = Math.max(0, Math.min(at, last));
  form.dataset.wizardAt = String(now);
  steps.forEach((step, place) => { step.hidden = place !== now; });
  for (const mark of form.querySelectorAll("[data-wizard-mark]")) {
    if (Number(mark.dataset.wizardMark) === now) mark.setAttribute("aria-current", "step");
    else mark.removeAttribute("aria-current");
  }
  for (const submit of form.querySelectorAll("[data-wizard-submit]")) submit.hidden = now !== last;
};
const firstWrong = (form) => {
  const wrong = form.querySelector(".is-invalid, [aria-invalid=true]");
  const step = wrong?.closest("[data-wizard-step]");
  return step ? Number(step.dataset.wizardStep) : -1;
};
const start = (root) => {
  for (const form of root.querySelectorAll("form[data-wizard]:not([data-wizard-at])")) {
    const wrong = firstWrong(form);
    const kept = form.querySelector("[data-wizard-start]");
    show(form, wrong >= 0 ? wrong : Number(kept?.value ?? 0));
  }
};
document.addEventListener("click", (event) => {
  const form = event.target.closest("form[data-wizard]");
  if (!form) return;
  const at = Number(form.dataset.wizardAt);
  if (event.target.closest("[data-wizard-next]")) show(form, at + 1);
  else if (event.target.closest("[data-wizard-back]")) show(form, at - 1);
  else return;
  form.querySelector("[data-wizard-step]:not([hidden])")?.querySelector("input:not([type=hidden]), select, textarea")?.focus();
});
/* Choices that show or hide a part of the form. */
document.addEventListener("change", (event) => {
  const { shows, hides } = event.target.dataset ?? {};
  if (shows) document.getElementById(shows).hidden = false;
  if (hides) document.getElementById(hides).hidden = true;
});
document.addEventListener("htmx:load", (event) => start(event.detail.elt.parentElement ?? event.detail.elt));
start(document);
