/* A search box that asks the server (htmx fills the list) and keeps the chosen row's id in a hidden input. */
const parts = (combo) => ({
  input: combo.querySelector("[role=combobox]"),
  list: combo.querySelector("[role=listbox]"),
  value: combo.querySelector("[data-combo-value]"),
  clear: combo.querySelector("[data-combo-clear]"),
});
/* Boxes whose list is wanted: an answer that comes after the choice was made must not open it again. */
const asking = new WeakSet();
const options = (list) => [...list.querySelectorAll("[data-value]")];
const close = (combo) => {
  const { input, list } = parts(combo);
  asking.delete(combo);
  list.hidden = true;
  input.setAttribute("aria-expanded", "false");
  input.removeAttribute("aria-activedescendant");
};
const ask = (combo) => {
  asking.add(combo);
  htmx.trigger(parts(combo).input, "combo:open");
};
/* A dialog would cut the list off: there it stands above everything, below its input or, without room, above it. */
const GAP = 3;
const place = (combo) => {
  const { input, list } = parts(combo);
  if (!combo.closest("dialog") || list.hidden) return;
  const box = input.getBoundingClientRect();
  const below = window.innerHeight - box.bottom;
  const up = below < list.scrollHeight + 2 * GAP && box.top > below;
  Object.assign(list.style, {
    position: "fixed",
    left: `${box.left}px`,
    width: `${box.width}px`,
    right: "auto",
    top: up ? "auto" : `${box.bottom + GAP}px`,
    bottom: up ? `${window.innerHeight - box.top + GAP}px` : "auto",
    maxHeight: `${Math.min(264, (up ? box.top : below) - 2 * GAP)}px`,
  });
};
const placeAll = () => { for (const combo of document.querySelectorAll("dialog[open] [data-combo]")) place(combo); };
window.addEventListener("resize", placeAll);
document.addEventListener("scroll", placeAll, true);
const mark = (combo, option) => {
  const { input, list } = parts(combo);
  for (const each of options(list)) each.setAttribute("aria-selected", String(each === option));
  if (!option) { input.removeAttribute("aria-activedescendant"); return; }
  option.id ||= `${list.id}-${option.dataset.value}`;
  input.setAttribute("aria-activedescendant", option.id);
  option.scrollIntoView({ block: "nearest" });
};
/* Another input of the same form by its field's name; inputs of a part of the form, such as a line item, come first. */
const beside = (combo, name) => {
  const inputs = combo.closest("form")?.elements;
  const own = combo.closest("[data-combo-many]")?.dataset.name ?? parts(combo).value.name;
  return inputs?.namedItem(own.slice(0, own.lastIndexOf("-") + 1) + name) ?? inputs?.namedItem(name) ?? null;
};
const narrowing = (combo) => (combo.dataset.narrowedBy ?? "").split(" ").filter(Boolean);
const narrowed = (input) => [...input.form.querySelectorAll("[data-narrowed-by]")].filter((each) => narrowing(each).some((name) => beside(each, name) === input));
const drop = (combo) => {
  const many = combo.closest("[data-combo-many]");
  if (many) many.querySelector("[data-picked]").replaceChildren();
  else put(combo, "", "");
};
/* What was chosen within the old choice need not belong to the new one: it is dropped. */
const put = (combo, id, title) => {
  const { input, value, clear } = parts(combo);
  const before = value.value;
  value.value = id;
  input.value = title;
  input.dataset.chosen = title;
  clear.hidden = !id;
  if (before === id) return;
  if (before && value.form) narrowed(value).forEach(drop);
  value.dispatchEvent(new Event("change", { bubbles: true }));
};
const fill = (combo, option) => {
  for (const [name, [id, title]] of Object.entries(JSON.parse(option.dataset.fills ?? "{}"))) {
    const other = beside(combo, name)?.closest("[data-combo]");
    if (other) put(other, id, title);
  }
};
const choose = (combo, option) => {
  const many = combo.closest("[data-combo-many]");
  close(combo);
  if (many) {
    pick(many, option.dataset.value, option.textContent.trim());
    parts(combo).input.value = "";
  } else put(combo, option.dataset.value, option.textContent.trim());
  fill(combo, option);
};
const pick = (many, id, title) => {
  const list = many.querySelector("[data-picked]");
  if (list.querySelector(`input[value="${CSS.escape(id)}"]`)) return;
  const item = document.createElement("li");
  const hidden = Object.assign(document.createElement("input"), { type: "hidden", name: many.dataset.name, value: id });
  const text = Object.assign(document.createElement("span"), { textContent: title });
  const remove = Object.assign(document.createElement("button"), { type: "button", className: "icon-button" });
  remove.dataset.unpick = "";
  remove.setAttribute("aria-label", `Remove ${title}`);
  const cross = Object.assign(document.createElement("i"), { className: "bi bi-x" });
  cross.setAttribute("aria-hidden", "true");
  remove.append(cross);
  item.append(hidden, text, remove);
  list.append(item);
};

document.addEventListener("htmx:configRequest", (event) => {
  const combo = event.detail.elt.closest?.("[data-combo]");
  if (!combo) return;
  if (!asking.has(combo)) { event.preventDefault(); return; }
  const { input, value } = parts(combo);
  /* What is chosen is no search: whoever opens the list wants to see the others. */
  if (value.value && input.value === (input.dataset.chosen ?? input.defaultValue)) event.detail.formData.set("q", "");
  for (const name of narrowing(combo)) {
    const wanted = beside(combo, name)?.value;
    if (wanted) event.detail.formData.append(`f.${name}.is`, wanted);
  }
  for (const name of (combo.dataset.fillsIn ?? "").split(" ").filter(Boolean)) event.detail.formData.append("fills", name);
});
document.addEventListener("htmx:afterSwap", (event) => {
  const combo = event.detail.target.closest?.("[data-combo]");
  if (!combo || !asking.has(combo)) return;
  const { input, list } = parts(combo);
  list.hidden = false;
  place(combo);
  input.setAttribute("aria-expanded", "true");
  mark(combo, options(list)[0]);
});
document.addEventListener("input", (event) => {
  const combo = event.target.closest?.("[data-combo] [role=combobox]")?.closest("[data-combo]");
  if (combo) asking.add(combo);
});
document.addEventListener("keydown", (event) => {
  const input = event.target.closest?.("[data-combo] [role=combobox]");
  if (!input) return;
  const combo = input.closest("[data-combo]");
  const { list } = parts(combo);
  const all = options(list);
  const at = all.findIndex((each) => each.getAttribute("aria-selected") === "true");
  if (event.key === "ArrowDown" || event.key === "ArrowUp") {
    event.preventDefault();
    if (list.hidden) { ask(combo); return; }
    mark(combo, all[(at + (event.key === "ArrowDown" ? 1 : -1) + all.length) % all.length]);
  } else if (event.key === "Enter" && !list.hidden) {
    event.preventDefault();
    if (all[at]) choose(combo, all[at]);
  } else if (event.key === "Escape" && !list.hidden) {
    event.preventDefault();
    event.stopPropagation();
    close(combo);
  }
});
document.addEventListener("pointerdown", (event) => {
  const option = event.target.closest?.("[data-combo] [data-value]");
  if (option) { event.preventDefault(); choose(option.closest("[data-combo]"), option); }
});
document.addEventListener("click", (event) => {
  const input = event.target.closest?.("[data-combo] [role=combobox]");
  if (input && parts(input.closest("[data-combo]")).list.hidden) {
    ask(input.closest("[data-combo]"));
    input.select(); // so that typing replaces what was chosen
  }
  const clear = event.target.closest?.("[data-combo-clear]");
  if (clear) {
    const combo = clear.closest("[data-combo]");
    put(combo, "", "");
    parts(combo).input.focus();
  }
  event.target.closest?.("[data-unpick]")?.closest("li").remove();
});
/* Text that names no chosen row must not look chosen: it goes back to what was. */
document.addEventListener("focusout", (event) => {
  const input = event.target.closest?.("[data-combo] [role=combobox]");
  if (!input) return;
  const combo = input.closest("[data-combo]");
  const { value } = parts(combo);
  close(combo);
  if (combo.closest("[data-combo-many]")) { input.value = ""; return; }
  if (input.value.trim() === "") put(combo, "", ""); else if (input.value !== (input.dataset.chosen ?? input.defaultValue)) {
    input.value = value.value ? (input.dataset.chosen ?? input.defaultValue) : "";
  }
});
