/* @mentions in a text: what is typed after an @ asks the server; a choice is written as @Name, and who it is beside the text. */
let asked = 0;
const parts = (area) => ({ box: area.closest("[data-mentions]"), list: area.closest("[data-mentions]").querySelector("[role=listbox]") });
const hide = (list) => { list.hidden = true; list.replaceChildren(); };
const typed = (area) => /(?:^|\s)@([^@\n[\]()]{0,40})$/.exec(area.value.slice(0, area.selectionStart));
/* Behind a name that was chosen the text goes on. */
const isChosen = (area, text) => [...area.parentElement.querySelectorAll("input[name=mention]")].some((each) => text.startsWith(each.value.split(":").slice(2).join(":")));
const write = (area, option) => {
  const match = typed(area);
  if (!match) return;
  const end = area.selectionStart;
  const begin = end - match[1].length - 1;
  const { name, kind, id } = option.dataset;
  area.setRangeText(`@${name} `, begin, end, "end");
  const who = Object.assign(document.createElement("input"), { type: "hidden", name: "mention", value: `${kind}:${id}:${name}` });
  area.after(who);
  hide(parts(area).list);
  area.focus();
};
document.addEventListener("input", async (event) => {
  const area = event.target.closest?.("[data-mentions] textarea");
  if (!area) return;
  const { box, list } = parts(area);
  const match = typed(area);
  if (!match || isChosen(area, match[1])) { hide(list); return; }
  const turn = ++asked;
  const answer = await fetch(`${box.dataset.mentions}?q=${encodeURIComponent(match[1])}`, { headers: { Accept: "application/json" } });
  if (!answer.ok || turn !== asked) return;
  const { mentions } = await answer.json();
  list.replaceChildren(...mentions.map((each, place) => {
    const item = document.createElement("li");
    item.setAttribute("role", "option");
    item.setAttribute("aria-selected", String(place === 0));
    Object.assign(item.dataset, { value: each.id, ...each });
    item.textContent = each.kind === "team" ? `${each.name} (team)` : each.name;
    return item;
  }));
  list.hidden = mentions.length === 0;
});
document.addEventListener("keydown", (event) => {
  const area = event.target.closest?.("[data-mentions] textarea");
  if (!area) return;
  const { list } = parts(area);
  if (list.hidden) return;
  const all = [...list.children];
  const at = all.findIndex((each) => each.getAttribute("aria-selected") === "true");
  if (event.key === "ArrowDown" || event.key === "ArrowUp") {
    event.preventDefault();
    const next = (at + (event.key === "ArrowDown" ? 1 : -1) + all.length) % all.length;
    all.forEach((each, place) => each.setAttribute("aria-selected", String(place === next)));
    all[next].scrollIntoView({ block: "nearest" });
  } else if (event.key === "Enter" || event.key === "Tab") {
    event.preventDefault();
    write(area, all[at]);
  } else if (event.key === "Escape") {
    event.preventDefault();
    hide(list);
  }
});
document.addEventListener("pointerdown", (event) => {
  const option = event.target.closest?.("[data-mentions] [role=option]");
  if (option) { event.preventDefault(); write(option.closest("[data-mentions]").querySelector("textarea"), option); return; }
  for (const list of document.querySelectorAll("[data-mentions] [role=listbox]:not([hidden])")) hide(list);
});
