/* Forms in steps: one step at a time, and back without losing anything. Without this script all steps stand below each other. */
import { focusFirst, tell } from "./faults.js";

const INPUTS = "input:not([type=hidden]), select, textarea";
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
const stepOf = (element) => {
  const step = element?.closest("[data-wizard-step]");
  return step ? Number(step.dataset.wizardStep) : -1;
};
const start = (root) => {
  for (const form of root.querySelectorAll("form[data-wizard]:not([data-wizard-at])")) {
    const kept = form.querySelector("[data-wizard-start]");
    show(form, Number(kept?.value ?? Math.max(0, stepOf(form.querySelector(".is-invalid, [aria-invalid=true]")))));
  }
};
/* Whether everything that a step asks for is there; what is not is told at its input. */
const complete = (step) => {
  const wrong = [...step.querySelectorAll(INPUTS)].filter((input) => !input.checkValidity());
  for (const input of wrong) tell(input, input.validity.valueMissing ? "This is required." : input.validationMessage);
  if (wrong.length) focusFirst(step.form);
  return !wrong.length;
};
document.addEventListener("click", (event) => {
  const form = event.target.closest("form[data-wizard]");
  if (!form) return;
  const at = Number(form.dataset.wizardAt);
  if (event.target.closest("[data-wizard-next]")) {
    if (!complete(form.querySelector("[data-wizard-step]:not([hidden])"))) return;
    show(form, at + 1);
  } else if (event.target.closest("[data-wizard-back]")) show(form, at - 1);
  else return;
  form.querySelector("[data-wizard-step]:not([hidden])")?.querySelector(INPUTS)?.focus();
});
document.addEventListener("fieldmesh:show", (event) => {
  const form = event.target.closest("form[data-wizard]");
  if (form && stepOf(event.target) >= 0) show(form, stepOf(event.target));
});
/* Choices that show or hide a part of the form, or answer the question above them. */
document.addEventListener("change", (event) => {
  const { shows, hides, answers } = event.target.dataset ?? {};
  if (shows) document.getElementById(shows).hidden = false;
  if (hides) document.getElementById(hides).hidden = true;
  if (answers) document.getElementById(answers).checked = true;
});
document.addEventListener("htmx:load", (event) => start(event.detail.elt.parentElement ?? event.detail.elt));
start(document);
