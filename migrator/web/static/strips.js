// What goes on in the fleet, above everything else: executions, open alerts, the health of the installation.

import { bar } from "./bar.js";
import { address, el } from "./dom.js";
import { count, full, number } from "./say.js";

const MOST_ALERTS = 3;

export function strips({ executions, alerts, last }) {
  return [
    alerts.slice(0, MOST_ALERTS).map(alert),
    alerts.length > MOST_ALERTS && el("a", { class: "m-strip m-strip-more", href: address("/alerts") },
      count(alerts.length - MOST_ALERTS, "more open alert")),
    executions.map(execution),
    !executions.length && last && execution(last),
  ];
}

function alert(found) {
  return el("a", { class: "m-strip m-strip-alert", href: `${address("/alerts")}#alert-${found.id}`, data: { severity: found.severity, alert: found.id } },
    el("span", { class: "m-severity", data: { severity: found.severity } }, found.severity),
    el("span", { class: "m-strip-said" }, found.sentence),
    found.state === "silenced" && el("span", { class: "m-muted" }, "silenced"),
    el("time", { class: "m-muted", title: full(found.first_at), data: { moment: found.first_at } }));
}

function execution(found) {
  const ended = found.done + found.failed;
  return el("a", { class: "m-strip", href: address(`/executions/${encodeURIComponent(found.execution)}`), data: { execution: found.execution } },
    el("span", { class: "m-state", data: { state: found.state } }, found.spoken),
    el("span", { class: "m-strip-said" }, found.title),
    el("span", { class: "m-strip-bar" }, bar(found, true)),
    el("span", { class: "m-num m-muted" }, `${number(ended)} of ${number(found.total)}${found.failed ? `, ${number(found.failed)} failed` : ""}`),
    el("time", { class: "m-muted", title: full(found.finished_at || found.created_at), data: { moment: found.finished_at || found.created_at } }));
}

export function health(found) {
  const wrong = found.checks.filter((check) => check.health !== "ok");
  const said = found.error || (wrong.length ? wrong.map((check) => check.name).join(", ") : `${found.checks.length} checks`);
  return [el("span", { class: "m-state", data: { state: found.health } }, found.health === "ok" ? "healthy" : `health: ${found.health}`),
    el("span", { class: "m-muted" }, said)];
}
