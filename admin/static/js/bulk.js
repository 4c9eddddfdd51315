/* An action on many orders: a preview of all, then batch after batch; stopping and going on is safe. */
const box = document.querySelector("[data-bulk-run]");
const LISTED = 500;
const part = (name) => box.querySelector(`[data-bulk-${name}]`);
const plural = (count) => `${count.toLocaleString("en")} ${count === 1 ? "work order" : "work orders"}`;
const said = (count) => count.toLocaleString("en");

const start = () => {
  const size = Number(box.dataset.size);
  const inputs = part("inputs");
  const ids = part("rows").value.split(",");
  const found = new Map();
  const done = new Map();
  /* Told as each step begins and ends; in between only the bar moves, so that nobody is read every batch. */
  let phase = "checking";
  let running = false;
  let stopping = false;

  const tell = (words) => { part("told").textContent = words; };
  const show = (name, wanted) => { const element = part(name); if (element) element.hidden = !wanted; };
  const ready = () => ids.filter((id) => found.get(id)?.outcome === "done");
  const left = () => (phase === "checking" ? ids.filter((id) => !found.has(id)) : ready().filter((id) => !done.has(id)));
  const last = (id) => done.get(id) ?? found.get(id);
  const refused = () => ids.map(last).filter((each) => each && each.outcome !== "done");

  const drawRefused = () => {
    const rows = refused();
    show("refused", rows.length > 0);
    const body = part("refused").querySelector("tbody");
    body.replaceChildren(...rows.slice(0, LISTED).map((each) => {
      const line = document.createElement("tr");
      const name = document.createElement("th");
      name.scope = "row";
      if (each.url) {
        const link = document.createElement("a");
        link.href = each.url;
        link.textContent = each.number;
        link.target = "_blank";
        name.append(link);
      } else name.textContent = each.number || "One that was selected";
      const why = document.createElement("td");
      why.className = "bulk-why";
      why.append(...each.reasons.map((reason) => {
        const words = document.createElement("div");
        words.textContent = reason;
        return words;
      }));
      line.append(name, why);
      return line;
    }));
    const more = part("more");
    more.hidden = rows.length <= LISTED;
    more.textContent = `${said(rows.length - LISTED)} more are in the report.`;
  };

  const draw = () => {
    const todo = left().length;
    const [at, of] = phase === "checking" ? [found.size, ids.length] : [done.size, ready().length];
    part("progress").value = at;
    part("progress").max = Math.max(of, 1);
    box.setAttribute("aria-busy", running);
    show("progress", running || (todo > 0 && phase !== "checked"));
    show("stop", running);
    show("start", !running && phase === "checked" && ready().length > 0);
    show("confirm", !running && phase === "checked" && ready().length > 0);
    show("continue", !running && todo > 0 && phase !== "checked");
    show("report", !running && phase !== "checking");
    show("back", !running && phase !== "done" && done.size === 0);
  };

  const send = async (batch) => {
    const data = new FormData(inputs);
    for (const id of batch) {
      data.append("rowid", id);
      data.append("etag", phase === "checking" ? "" : found.get(id).etag);
    }
    if (phase === "checking") data.append("preview", "1");
    const answer = await fetch(box.dataset.bulkRun, { method: "POST", body: data, headers: { "X-CSRFToken": data.get("csrf_token"), Accept: "application/json" } });
    const told = await answer.json().catch(() => null);
    if (told?.problem) throw new Error(told.problem);
    if (!answer.ok || !told) throw new Error("This page was not understood, perhaps because you are signed out. What is done stays done: begin again from the list.");
    return told.results;
  };

  const finish = () => {
    drawRefused();
    const stopped = refused().length;
    if (left().length) {
      const whole = phase === "checking" ? ids.length : ready().length;
      tell(`Stopped: ${said(whole - left().length)} of ${plural(whole)} ${phase === "checking" ? "looked at" : "done"}.`);
    } else if (phase === "checking") {
      phase = "checked";
      const count = ready().length;
      tell(stopped ? `${said(count)} would succeed, ${said(stopped)} would be refused.` : `All ${plural(count)} would succeed.`);
      part("start").textContent = `${box.dataset.name}: ${plural(count)}`;
    } else {
      phase = "done";
      tell(`${said(ids.length - stopped)} done${stopped ? `, ${said(stopped)} explained` : ""}.`);
    }
    draw();
  };

  const go = async () => {
    running = true;
    stopping = false;
    show("problem", false);
    tell(phase === "checking" ? `Looking at ${plural(ids.length)}…` : `Working on ${plural(ready().length)}…`);
    draw();
    try {
      while (left().length && !stopping) {
        const kept = phase === "checking" ? found : done;
        for (const result of await send(left().slice(0, size))) kept.set(result.id, result);
        draw();
      }
    } catch (problem) {
      part("problem-text").textContent = problem instanceof TypeError ? "The connection was lost. Go on when it is back: nothing is done twice." : problem.message;
      show("problem", true);
    }
    running = false;
    finish();
  };

  /* Only text that a spreadsheet shows and never runs. */
  const safe = (text) => `"${(/^[=+\-@\t\r\n|%]/.test(text) ? `'${text}` : text).replaceAll('"', '""')}"`;
  const report = () => {
    const words = { done: phase === "done" || phase === "running" ? "Done" : "Would succeed", refused: "Refused", missing: "Missing" };
    const lines = ids.map((id) => {
      const each = last(id);
      if (!each) return [id, "Not looked at", "", ""];
      const outcome = each.outcome === "done" && phase !== "checked" && !done.has(id) ? "Not done yet" : words[each.outcome];
      return [each.number || id, outcome, each.state, each.reasons.join(" ")];
    });
    const text = [["Work order", "Result", "Status", "Why"], ...lines].map((line) => line.map(safe).join(",")).join("\r\n");
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([`\ufeff${text}\r\n`], { type: "text/csv" }));
    link.download = `${box.dataset.name.toLowerCase().replaceAll(" ", "-")}-${new Date().toISOString().slice(0, 10)}.csv`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
  };

  part("start").addEventListener("click", () => { phase = "running"; go(); part("stop").focus(); });
  part("stop").addEventListener("click", () => { stopping = true; tell("Stopping after this batch…"); });
  part("continue").addEventListener("click", go);
  part("report").addEventListener("click", report);
  window.addEventListener("beforeunload", (event) => { if (running && phase === "running") event.preventDefault(); });
  go();
};

if (box) start();
