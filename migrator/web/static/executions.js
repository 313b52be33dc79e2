// The list of executions, live.

import { bar } from "./bar.js";
import { address, draw, el } from "./dom.js";
import { Live } from "./live.js";
import { full, number, seconds } from "./say.js";

const place = document.getElementById("executions");

function line(row) {
  const href = address(`/executions/${encodeURIComponent(row.execution)}`);
  const took = row.is_end ? seconds(row.seconds) : el("span", { data: { moment: row.created_at, said: "for" } });
  const counts = `${number(row.done + row.failed)} of ${number(row.total)}${row.failed ? `, ${number(row.failed)} failed` : ""}`;
  return el(
    "tr",
    { data: { href, execution: row.execution } },
    el("td", {}, el("a", { href }, row.title), el("div", { class: "m-muted m-mono" }, row.execution.slice(0, 13))),
    el("td", {}, el("span", { class: "m-state", data: { state: row.state } }, row.spoken)),
    el("td", { class: "m-wide" }, bar(row, true), el("small", { class: "m-muted m-num" }, counts)),
    el("td", { class: "m-num m-muted" }, took),
    el("td", {}, row.requested_by, el("div", { class: "m-muted" },
      el("time", { datetime: row.created_at, title: full(row.created_at), data: { moment: row.created_at } }))),
  );
}

const headings = ["What", "State", "Progress", "For", "Asked for"];

function table(rows) {
  if (!rows.length) {
    return el("section", { class: "m-card m-empty" }, el("h1", {}, "No executions yet"),
      el("p", { class: "m-muted" }, "An event or ", el("code", {}, "migrator migrate"), " starts one; it appears here at once."));
  }
  return [
    el("div", { class: "m-head" }, el("h1", {}, "Executions")),
    el("section", { class: "m-card" }, el("table", { class: "m-table" },
      el("thead", {}, el("tr", {}, headings.map((heading) => el("th", { scope: "col" }, heading)))),
      el("tbody", {}, rows.map(line)))),
  ];
}

place.addEventListener("click", (event) => {
  const row = event.target.closest("tr[data-href]");
  if (row && !event.target.closest("a")) window.location.assign(row.dataset.href);
});

new Live("/stream/executions", (state) => draw(place, state.executions, table));
