// Failures by what they have in common, each with what an operator needs to mend it and to try again.

import { el } from "./dom.js";
import { command } from "./parts.js";
import { count, number } from "./say.js";

export function failures(groups, failed) {
  const told = groups.reduce((sum, group) => sum + group.count, 0);
  return [groups.map(group), told < failed && el("p", { class: "m-muted" }, `and ${count(failed - told, "other failure")} of other kinds`)];
}

function group(found) {
  const place = found.script && `${found.script}${found.line ? `:${found.line}` : ""}`;
  const more = found.count - found.targets.length;
  return el("div", { class: "m-group", data: { sqlstate: found.sqlstate || "" } },
    el("div", { class: "m-group-head" },
      el("span", { class: "m-group-count m-num" }, `${number(found.count)} ×`),
      found.sqlstate && el("span", { class: "m-code", title: "SQLSTATE" }, found.sqlstate),
      place && el("span", { class: "m-code" }, place),
      el("span", { class: "m-muted" }, "last ", el("time", { data: { moment: found.last_at } }))),
    el("p", {}, found.error),
    found.statement && el("pre", { class: "m-sql" }, found.statement),
    el("details", { class: "mt-2" },
      el("summary", { class: "m-muted" }, `${count(found.count, "target")}, such as ${found.sample}`),
      el("p", {}, found.message),
      el("p", { class: "m-mono" }, found.targets.join(", "), more > 0 && ` and ${number(more)} more`)),
    command(found.command));
}
