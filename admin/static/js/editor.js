// The editor of definitions: line numbers beside the text, and faults that lead to their line.
function linesOf(area) {
  return area.value.split("\n").length;
}

// Drawn anew only where the number of lines or the faulty ones changed: a definition has a thousand lines.
function number(editor) {
  const [area, gutter] = [editor.querySelector("textarea"), editor.querySelector("[data-lines]")];
  const faulty = new Set([...document.querySelectorAll("#faults [data-line]")].map((each) => Number(each.dataset.line)));
  const shown = `${linesOf(area)}:${[...faulty].join()}`;
  if (gutter.dataset.shown === shown) return;
  gutter.dataset.shown = shown;
  const made = document.createDocumentFragment();
  let plain = "";
  for (let line = 1, last = linesOf(area); line <= last; line += 1) {
    if (!faulty.has(line)) {
      plain += `${line}\n`;
      continue;
    }
    const marked = document.createElement("span");
    marked.className = "is-faulty";
    marked.textContent = `${line}\n`;
    made.append(plain, marked);
    plain = "";
  }
  made.append(plain);
  gutter.replaceChildren(made);
  gutter.scrollTop = area.scrollTop;
}

function lead(area, line) {
  const lines = area.value.split("\n");
  const start = lines.slice(0, line - 1).join("\n").length + (line > 1 ? 1 : 0);
  area.focus();
  area.setSelectionRange(start, start + (lines[line - 1] ?? "").length);
  const height = area.scrollHeight / lines.length;
  area.scrollTop = Math.max(0, (line - 8) * height);
  area.scrollLeft = 0;
}

function everyEditor(act) {
  document.querySelectorAll("[data-editor]").forEach(act);
}

document.addEventListener("input", (event) => {
  const editor = event.target.closest?.("[data-editor]");
  if (editor) number(editor);
});
document.addEventListener("scroll", (event) => {
  const editor = event.target.closest?.("[data-editor]");
  if (editor) editor.querySelector("[data-lines]").scrollTop = event.target.scrollTop;
}, true);
document.addEventListener("click", (event) => {
  const fault = event.target.closest("[data-line]");
  const area = document.querySelector("[data-editor] textarea");
  if (fault && area) lead(area, Number(fault.dataset.line));
});
document.addEventListener("htmx:afterSwap", () => everyEditor(number));
everyEditor(number);
