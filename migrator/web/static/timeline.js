// The timeline: what happened, on one axis, a lane for each kind; and the same as a list, newest first.

import { address, draw, el, text } from "./dom.js";
import { clock, count, full, seconds } from "./say.js";

const EVERY = 5000;
const SPANS = [["900", "15 minutes"], ["3600", "hour"], ["21600", "6 hours"], ["86400", "day"], ["604800", "week"], ["2592000", "30 days"]];
const WORDS = { execution: "Executions", wave: "Waves", action: "Operators", breaker: "Breakers", wait: "Waits", alert: "Alerts" };
const LISTED = 300;

const $ = (id) => document.getElementById(id);
const kinds = $("timeline").dataset.kinds.split(" ");
const asked = new URLSearchParams(window.location.search);
const wanted = { span: asked.get("span") || "21600", until: asked.get("until") || "", kinds: new Set(asked.getAll("kind").length ? asked.getAll("kind") : kinds) };
let found = null;

function controls() {
  const span = el("select", { class: "form-select", id: "span-of", "aria-label": "How much" }, SPANS.map(([value, said]) => el("option", { value }, `one ${said}`.replace(/one (\d)/, "$1"))));
  span.value = wanted.span;
  span.addEventListener("change", () => put({ span: span.value }));
  const until = el("input", { type: "datetime-local", class: "form-control m-until", id: "until", "aria-label": "Until; empty is now", step: 1 });
  until.value = wanted.until && local(new Date(wanted.until));
  until.addEventListener("change", () => put({ until: until.value ? new Date(until.value).toISOString() : "" }));
  const step = (sign) => () => {
    const end = moments().until.getTime() + sign * Number(wanted.span) * 500;
    put({ until: end >= Date.now() ? "" : new Date(end).toISOString() });
    until.value = wanted.until && local(new Date(wanted.until));
  };
  const boxes = kinds.map((kind) => {
    const box = el("input", { type: "checkbox", class: "form-check-input", checked: wanted.kinds.has(kind), data: { kind } });
    box.addEventListener("change", () => {
      if (box.checked) wanted.kinds.add(kind);
      else wanted.kinds.delete(kind);
      put({});
    });
    return el("label", { class: "m-kind", data: { k: kind } }, box, el("i", { class: "m-dot" }), WORDS[kind]);
  });
  const now = el("button", { type: "button", class: "btn btn-sm btn-outline-secondary", onclick: () => { until.value = ""; put({ until: "" }); } }, "Now");
  const button = (said, sign, name) => el("button", { type: "button", class: "btn btn-sm btn-outline-secondary", "aria-label": name, onclick: step(sign) }, said);
  $("filter").append(span, until, el("span", { class: "btn-group" }, button("←", -1, "Earlier"), button("→", 1, "Later"), now), el("span", { class: "m-kinds" }, boxes));
}

const local = (moment) => new Date(moment.getTime() - moment.getTimezoneOffset() * 60000).toISOString().slice(0, 19);

function moments() {
  const until = wanted.until ? new Date(wanted.until) : new Date();
  return { since: new Date(until.getTime() - Number(wanted.span) * 1000), until };
}

function query() {
  const { since, until } = moments();
  const said = new URLSearchParams({ since: since.toISOString(), until: until.toISOString() });
  if (wanted.kinds.size < kinds.length) for (const kind of wanted.kinds) said.append("kind", kind);
  return said;
}

function put(changes) {
  Object.assign(wanted, changes);
  const said = new URLSearchParams({ span: wanted.span });
  if (wanted.until) said.set("until", wanted.until);
  if (wanted.kinds.size < kinds.length) for (const kind of wanted.kinds) said.append("kind", kind);
  window.history.replaceState(null, "", `?${said}`);
  load();
}

async function load() {
  const said = query();
  $("export").href = `${address("/api/timeline")}?${said}&download=yes`;
  if (!wanted.kinds.size) {
    redraw({ ...moments(), happenings: [], is_cut: false });
    return;
  }
  const answer = await fetch(`${address("/api/timeline")}?${said}`).catch(() => null);
  const trouble = answer && answer.ok ? "" : answer ? (await answer.json()).error : "The connection to the dashboard is lost; what you see may be old. Trying again.";
  text($("trouble"), trouble);
  $("trouble").hidden = !trouble;
  if (!trouble) redraw(await answer.json());
}

function redraw(news) {
  found = news;
  const [since, until] = [new Date(found.since), new Date(found.until)];
  text($("span"), `${full(since)} to ${wanted.until ? full(until) : "now"}`);
  text($("count"), found.is_cut ? `the newest ${found.happenings.length}; choose a shorter time for all` : count(found.happenings.length, "happening"));
  lanes(since.getTime(), until.getTime());
  draw($("happenings"), found.happenings, (all) => (all.length ? [...all].reverse().slice(0, LISTED).map(line) : el("li", { class: "m-muted" }, "Nothing of these kinds happened in this time.")));
  document.body.dataset.drawn = String(Number(document.body.dataset.drawn || 0) + 1);
}

function lanes(since, until) {
  const share = (moment) => Math.min(Math.max((100 * (moment - since)) / (until - since), 0), 100);
  const rows = kinds.filter((kind) => wanted.kinds.has(kind)).map((kind) => {
    const mine = found.happenings.filter((each) => each.kind === kind);
    const { marks, lines } = kind === "execution" ? bars(mine, share, until) : dots(mine, share);
    const track = el("div", { class: "m-track" }, marks);
    track.style.height = `${Math.max(lines, 1) * 22}px`;
    return el("div", { class: "m-lane", data: { k: kind } }, el("div", { class: "m-lane-name" }, WORDS[kind], el("small", { class: "m-muted m-num" }, ` ${mine.length}`)), track);
  });
  $("lanes").replaceChildren(...rows, axis(since, until, share));
}

// Bars that overlap in time stand below each other.
function bars(mine, share, until) {
  const ends = [];
  const marks = mine.map((each) => {
    const [from, to] = [share(Date.parse(each.at)), share(each.ended_at ? Date.parse(each.ended_at) : until)];
    let line = ends.findIndex((end) => end + 0.3 < from);
    if (line < 0) line = ends.length < 8 ? ends.length : 7;
    ends[line] = Math.max(to, from + 0.5);
    const made = el("a", { class: "m-span", title: hint(each), href: link(each), data: { what: each.what } });
    made.style.left = `min(${from}%, 100% - 6px)`;
    made.style.width = `max(6px, ${to - from}%)`;
    made.style.top = `${line * 22 + 3}px`;
    return made;
  });
  return { marks, lines: ends.length };
}

function dots(mine, share) {
  const marks = mine.map((each) => {
    const made = el(link(each) ? "a" : "span", { class: "m-mark", title: hint(each), href: link(each), data: { what: each.what } });
    made.style.left = `${share(Date.parse(each.at))}%`;
    return made;
  });
  return { marks, lines: 1 };
}

const hint = (each) => `${full(each.at)}\n${each.sentence}`;
const link = (each) => (each.kind === "alert" ? `${address("/alerts")}#alert-${each.alert}`
  : each.facts.event ? null
    : each.execution ? address(`/executions/${encodeURIComponent(each.execution)}`)
      : each.database ? `${address("")}?database=${encodeURIComponent(each.database)}` : null);

function axis(since, until, share) {
  const steps = [60, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400, 172800, 604800].map((each) => each * 1000);
  const narrow = $("lanes").clientWidth < 640 ? 4 : 8;
  const step = steps.find((each) => (until - since) / each <= narrow) || steps[steps.length - 1];
  const zone = new Date(since).getTimezoneOffset() * 60000;
  const ticks = [];
  for (let at = Math.ceil((since - zone) / step) * step + zone; at < until; at += step) {
    const tick = el("span", {}, step >= 86400000 ? new Date(at).toLocaleDateString("en-GB", { day: "numeric", month: "short" }) : clock(at).slice(0, 5));
    tick.style.left = `${share(at)}%`;
    ticks.push(tick);
  }
  return el("div", { class: "m-axis", "aria-hidden": "true" }, ticks);
}

function line(each) {
  const href = link(each);
  const took = each.ended_at && each.kind === "execution" ? seconds((Date.parse(each.ended_at) - Date.parse(each.at)) / 1000) : "";
  return el("li", { data: { k: each.kind } },
    el("time", { class: "m-num", datetime: each.at, title: full(each.at) }, stamp(each.at)),
    el("i", { class: "m-dot", title: each.kind }),
    el("span", {}, el("span", { class: "visually-hidden" }, `${each.kind}: `), href ? el("a", { href }, each.sentence) : each.sentence, took && el("span", { class: "m-muted" }, ` ${took}`)));
}

const stamp = (moment) => (new Date(moment).toDateString() === new Date().toDateString() ? clock(moment)
  : `${new Date(moment).toLocaleDateString("en-GB", { day: "numeric", month: "short" })} ${clock(moment)}`);

controls();
load();
setInterval(() => !document.hidden && !wanted.until && load(), EVERY);
