// What an execution cost: each migration in each database, compared with its last runs, and the slowest targets.

import { address, draw, el, show } from "./dom.js";
import { number } from "./say.js";

const NOTABLY = 1.5;
const MOST = 12;

const time = (value) => (value < 1 ? `${(value * 1000).toFixed(value < 0.01 ? 1 : 0)} ms` : value < 60 ? `${value.toFixed(1)} s` : `${Math.floor(value / 60)} min ${Math.round(value % 60)} s`);
const bytes = (value) => (value >= 2 ** 30 ? `${(value / 2 ** 30).toFixed(1)} GiB` : value >= 2 ** 20 ? `${(value / 2 ** 20).toFixed(1)} MiB` : value >= 1024 ? `${(value / 1024).toFixed(0)} KiB` : `${value} B`);

export async function showPerformance(card, place, path) {
  const answer = await fetch(address(path)).catch(() => null);
  if (!answer || !answer.ok) return;
  const found = await answer.json();
  show(card, found.databases.length > 0);
  draw(place, found, drawn);
}

function drawn(found) {
  const longest = (all) => Math.max(...all.map((each) => each.most), 1e-9);
  return [
    found.migrations.length > 0 && table(["Migration", "Database", "Median", "", "Before", "Wrote"], found.migrations.slice(0, MOST).map((each) => [
      [el("span", { class: "m-mono" }, each.script), el("div", { class: "m-muted" }, `${number(each.count)} ${each.count === 1 ? "target" : "targets"}`)],
      each.database, time(each.median), range(each, longest(found.migrations)), before(each),
      [each.rows !== null && `${number(each.rows)} rows`, each.wal !== null && bytes(each.wal)].filter(Boolean).join(", ") || "–",
    ])),
    el("h3", { class: "m-sub" }, "Databases"),
    table(["Database", "Targets", "Median", "", "Refused", "Lost to locks"], found.databases.slice(0, MOST).map((each) => [
      each.database, number(each.count), time(each.median), range(each, longest(found.databases)), each.refused ? number(each.refused) : "–", each.waited ? time(each.waited) : "–",
    ])),
    found.slowest.length > 0 && [el("h3", { class: "m-sub" }, "Slowest targets"),
      el("ol", { class: "m-slowest" }, found.slowest.map((each) =>
        el("li", {}, el("b", { class: "m-num" }, time(each.seconds)), " ",
          each.tenant ? el("a", { href: address(`/tenants/${encodeURIComponent(each.tenant)}`) }, `${each.database}/${each.schema}`) : `${each.database}/${each.schema}`,
          each.refused > 0 && el("span", { class: "m-muted" }, `, refused ${number(each.refused)} times`))))],
  ];
}

const table = (headings, rows) => el("table", { class: "m-table m-costs" },
  el("thead", {}, el("tr", {}, headings.map((said) => el("th", { scope: "col" }, said)))),
  el("tbody", {}, rows.map((cells) => el("tr", {}, cells.map((cell, at) => el("td", { class: at > 1 ? "m-num" : "", data: { heading: headings[at] } }, cell))))));

// From the quickest to the slowest target, with a mark at the median.
function range(each, most) {
  const share = (value) => (100 * value) / most;
  const span = el("i", {});
  span.style.left = `${share(each.least)}%`;
  span.style.width = `max(3px, ${share(each.most - each.least)}%)`;
  const middle = el("b", {});
  middle.style.left = `${share(each.median)}%`;
  return el("span", { class: "m-range", role: "img", "aria-label": `${time(each.least)} to ${time(each.most)}`, title: `${time(each.least)} to ${time(each.most)}` }, span, middle);
}

function before(each) {
  if (each.ratio === null) return el("span", { class: "m-muted" }, "first run");
  return el("span", { class: each.ratio >= NOTABLY ? "m-slower" : "m-muted", title: `median before: ${time(each.before)}` }, `×${each.ratio.toFixed(2)}`);
}
