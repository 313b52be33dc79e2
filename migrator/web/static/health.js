// Health: everything that an installation needs, what is wrong first.

import { draw, el, text } from "./dom.js";
import { Live } from "./live.js";

const ORDER = { fail: 0, warn: 1, ok: 2 };
const SPOKEN = { fail: "does not work", warn: "needs a look", ok: "well" };
const $ = (id) => document.getElementById(id);

function checks(found) {
  const sorted = [...found.checks].sort((one, other) => ORDER[one.health] - ORDER[other.health]);
  return [
    found.error && el("p", { class: "m-reason mb-3" }, found.error),
    el("section", { class: "m-card" }, el("div", { class: "m-checks" }, sorted.map((each) =>
      el("div", { class: "m-check", data: { check: each.name, health: each.health } },
        el("span", { class: "m-state", data: { state: each.health } }, each.health),
        el("b", {}, each.name),
        el("span", { class: "m-num" }, each.figure),
        el("div", { class: "m-check-said" }, each.sentence, each.advice && el("div", { class: "m-advice" }, `→ ${each.advice}`)))))),
  ];
}

new Live("/stream/health", (state) => {
  const found = state.checkup;
  if (!found) return;
  draw($("checks"), [found.checks, found.error], () => checks(found));
  draw($("looked"), found.at, () => ["Looked at ", el("time", { data: { moment: found.at } }), ", every few seconds while this page is open"]);
  draw($("worst"), found.health, () => el("span", { class: "m-state m-state-big", data: { state: found.health } }, SPOKEN[found.health]));
  text(document.querySelector("title"), `${found.health === "ok" ? "Healthy" : `Health: ${found.health}`} · Flower`);
});
