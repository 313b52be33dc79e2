// Alerts: what is wrong, what to do, who was told; and the operator's word on it.

import { confirmed, post, toast } from "./act.js";
import { address, draw, el, isReadOnly } from "./dom.js";
import { Live } from "./live.js";
import { count, full, seconds } from "./say.js";

const SPANS = [["1800", "30 minutes"], ["7200", "2 hours"], ["28800", "8 hours"], ["86400", "1 day"], ["604800", "1 week"]];
const place = document.getElementById("alerts");
const opened = new Set();
const pages = new Map();
let newest = [];

function all(found) {
  const [now, past] = [found.filter((each) => each.state !== "resolved"), found.filter((each) => each.state === "resolved")];
  return [
    now.length ? el("div", { class: "m-alerts", id: "open" }, now.map(alert))
      : el("section", { class: "m-card m-empty", id: "open" }, el("h2", {}, "Nothing is wrong"), el("p", { class: "m-muted" }, "Each rule was held against the ledger, and none applies.")),
    past.length > 0 && el("h2", { class: "mt-4 mb-3" }, "Past ", el("small", {}, String(past.length))),
    past.length > 0 && el("div", { class: "m-alerts", id: "past" }, past.map(alert)),
  ];
}

function alert(found) {
  const about = [found.facts.execution && el("a", { href: address(`/executions/${encodeURIComponent(found.facts.execution)}`) }, `execution ${String(found.facts.execution).slice(0, 8)}`),
    found.facts.database && el("a", { href: `${address("")}?database=${encodeURIComponent(found.facts.database)}` }, `database ${found.facts.database}`)].filter(Boolean);
  const [what, ...next] = parts(found.sentence);
  const details = el("details", { class: "mt-2", open: opened.has(found.id), ontoggle: () => toggled(details, found) },
    el("summary", { class: "m-muted" }, "What became of it, and who was told"), el("div", { class: "m-alert-more" }, pages.get(found.id) ? more(pages.get(found.id)) : []));
  if (opened.has(found.id)) load(details, found);
  return el("article", { class: "m-card m-alert", id: `alert-${found.id}`, data: { alert: found.id, state: found.state, severity: found.severity } },
    el("div", { class: "m-alert-head" },
      el("span", { class: "m-severity", data: { severity: found.severity } }, found.severity),
      el("b", {}, found.rule.replaceAll("_", " ")),
      el("span", { class: "m-state", data: { state: found.state === "resolved" ? "ok" : found.state === "silenced" ? "waiting" : "fail" } }, found.state),
      el("span", { class: "m-muted" }, found.resolved_at
        ? ["lasted ", seconds((Date.parse(found.resolved_at) - Date.parse(found.first_at)) / 1000), ", over ", el("time", { title: full(found.resolved_at), data: { moment: found.resolved_at } })]
        : ["for ", el("time", { title: full(found.first_at), data: { moment: found.first_at, said: "for" } })],
      found.times > 1 && `, came ${count(found.times, "time")}`),
      !isReadOnly && found.state !== "resolved" && el("span", { class: "m-alert-buttons" }, found.state === "silenced"
        ? el("button", { type: "button", class: "btn btn-sm btn-outline-secondary", data: { action: "unsilence" }, onclick: () => unsilence(found) }, "Unsilence")
        : el("button", { type: "button", class: "btn btn-sm btn-outline-secondary", data: { action: "silence" }, onclick: () => silence(found) }, "Silence"))),
    el("p", { class: "m-alert-said" }, what),
    next.length > 0 && el("p", { class: "m-alert-next" }, next.join(" ")),
    found.state === "silenced" && el("p", { class: "m-muted" }, `silenced by ${found.silenced_by} until ${full(found.silenced_until)}${found.silenced_because ? `: ${found.silenced_because}` : ""}`),
    about.length > 0 && el("p", { class: "m-muted" }, about.flatMap((each, at) => (at ? [" · ", each] : [each]))),
    details);
}

// What there is to do stands in the last sentence.
const parts = (said) => {
  const at = said.lastIndexOf(". ");
  return at < 0 ? [said] : [said.slice(0, at + 1), said.slice(at + 2)];
};

function toggled(details, found) {
  if (details.open) opened.add(found.id);
  else opened.delete(found.id);
  if (details.open) load(details, found);
}

async function load(details, found) {
  const answer = await fetch(address(`/api/alerts/${found.id}`)).catch(() => null);
  if (!answer || !answer.ok) return;
  const page = await answer.json();
  pages.set(found.id, page);
  details.lastChild.replaceChildren(...more(page).flat().filter(Boolean));
}

function more(page) {
  return [
    el("ul", { class: "m-list mt-2" }, page.changes.map((each) =>
      el("li", {}, el("b", {}, each.change.replaceAll("_", " ")), each.by && ` by ${each.by}`, ", ", el("time", { title: full(each.at), data: { moment: each.at } }),
        each.note && each.note !== page.sentence && el("div", { class: "m-muted" }, each.note)))),
    page.deliveries.length > 0
      ? el("ul", { class: "m-list mt-2" }, page.deliveries.map((each) =>
        el("li", { data: { delivery: each.state } }, el("span", { class: "m-state", data: { state: each.state === "sent" ? "ok" : each.state === "failed" ? "fail" : "pending" } }, each.state),
          ` ${each.kind}, by channel ${each.channel}${each.tries > 1 ? `, ${count(each.tries, "try", "tries")}` : ""}`, each.error && el("div", { class: "m-muted" }, each.error))))
      : el("p", { class: "m-muted mt-2" }, "Nobody was told: no channel is set up for it."),
  ];
}

async function silence(found) {
  const span = el("select", { class: "form-select", id: "silence-for", "aria-label": "For how long" }, SPANS.map(([value, said]) => el("option", { value }, said)));
  const because = el("input", { class: "form-control mt-2", id: "silence-because", maxlength: 500, placeholder: "Why? It is written down with your name.", "aria-label": "Why" });
  span.value = "7200";
  const sure = await confirmed({
    title: "Silence this alert?",
    sentences: ["Nobody is told of it for so long. If it is still open then, it is told again."],
    form: el("div", { class: "mt-2" }, span, because),
    button: "Silence",
  });
  if (sure) await act(`/api/alerts/${found.id}/silence`, { seconds: Number(span.value), because: because.value.trim() });
}

async function unsilence(found) {
  const sure = await confirmed({ title: "End the silence?", sentences: ["If the alert is still open, it is told again at once."], button: "Unsilence" });
  if (sure) await act(`/api/alerts/${found.id}/unsilence`);
}

async function act(path, body) {
  try {
    toast((await post(path, body)).summary);
  } catch (error) {
    toast(error.message, "failed");
  }
}

new Live("/stream/alerts", (state) => {
  newest = state.alerts;
  draw(place, newest, all);
  const open = newest.filter((each) => each.state === "open").length;
  document.title = `${open ? `${count(open, "alert")} open` : "Alerts"} · Flower`;
});
