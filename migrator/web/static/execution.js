// One execution: how far, why it waits, what failed, what runs, and the ways to steer it.

import { Bar } from "./bar.js";
import { Chart } from "./chart.js";
import { address, draw, el, isReadOnly, show, text } from "./dom.js";
import { failures } from "./failures.js";
import { Grid, legend } from "./grid.js";
import { Live } from "./live.js";
import { activity, command, steps } from "./parts.js";
import { showPerformance } from "./performance.js";
import { count, full, number, seconds } from "./say.js";
import { buttons } from "./steer.js";
import { showTarget } from "./target.js";

const LETTERS = { w: "waiting", r: "running", d: "done", c: "current already", f: "failed" };
const SPOKEN_EVERY = 5000;
const COSTS_EVERY = 5000;

const $ = (id) => document.getElementById(id);
const id = $("execution").dataset.execution;
const path = (rest) => `/api/executions/${encodeURIComponent(id)}${rest}`;
const bar = new Bar();
const chart = new Chart($("chart"));
let targets = null;
let drawn = null;
let spokenAt = 0;
let costedAt = 0;
let costAt = null;
$("bar").append(bar.element);

const grid = new Grid($("grid"), {
  names: LETTERS,
  label: (at) => `${targets[at][0]}/${targets[at][1]}`,
  pick: (at) => showTarget($("target"), path("/targets"), targets[at]),
});

function redraw(state, moved) {
  const { counts } = state;
  const percent = counts.total ? Math.floor((100 * (counts.done + counts.failed)) / counts.total) : 100;
  document.title = state.is_end ? `${state.spoken}: ${state.title}` : `${percent}% ${state.title}`;
  document.body.dataset.state = state.state;
  text($("title"), state.title);
  draw($("who"), [state.requested_by, state.created_at, state.takes_back], () => who(state));
  draw($("status"), [state.state, state.since, state.seconds, percent], () => status(state, percent));
  bar.set({ ...counts, current: count_(state.letters, "c"), done: counts.done - count_(state.letters, "c") });
  draw($("counts"), [counts, count_(state.letters, "c")], () => key(state));
  draw($("figures"), [state.estimate, state.budget, state.wave, state.stages.length, state.is_end], () => figures(state));
  draw($("waits"), [state.waits, state.reason, state.state], () => waits(state));
  draw($("buttons"), [state.may, counts.running, state.state], () => (isReadOnly ? [] : buttons(state, path, live)));
  show($("failures-card"), state.groups.length > 0);
  draw($("failures"), state.groups, (groups) => failures(groups, counts.failed));
  show($("activity-card"), state.activity.length > 0);
  draw($("activity"), state.activity, activity);
  draw($("steps"), [state.stages, state.wave], () => steps(state.stages));
  show($("steps-card"), state.stages.some((stage) => stage.waves.length));
  show($("chart-card"), Boolean(state.chart.done));
  chart.set(state.chart);
  show($("actions-card"), state.actions.length + state.rollbacks.length > 0);
  draw($("actions"), [state.actions, state.rollbacks], () => acted(state));
  draw($("commands"), state.may, () => [command(`migrator watch ${id}`), command(`migrator show ${id}`)]);
  cells(state, moved);
  costs(state);
  speak(state, percent);
}

const count_ = (letters, letter) => letters.reduce((sum, each) => sum + (each === letter ? 1 : 0), 0);

function who(state) {
  return [
    "Asked for by ", el("b", {}, state.requested_by), ", ",
    el("time", { datetime: state.created_at, title: full(state.created_at), data: { moment: state.created_at } }),
    state.takes_back && [" · takes back ", link(state.takes_back)],
    " · ", el("span", { class: "m-mono" }, state.execution),
  ];
}

const link = (other) => el("a", { href: address(`/executions/${encodeURIComponent(other)}`) }, other.slice(0, 8));

function status(state, percent) {
  return [
    el("span", { class: "m-state", data: { state: state.state } }, state.spoken),
    el("span", { class: "m-muted" },
      state.is_end ? [el("time", { title: full(state.since), data: { moment: state.since, said: "ago" } }),
        `, after ${seconds(state.seconds)}`]
        : ["for ", el("span", { title: full(state.since), data: { moment: state.since, said: "for" } })]),
    el("span", { class: "m-percent m-num" }, `${percent}%`),
  ];
}

function key(state) {
  const { counts } = state;
  const current = count_(state.letters, "c");
  const piece = (letter, value, name) =>
    el("span", { data: { count: name } }, el("i", { class: "m-dot", data: { s: letter } }), el("b", {}, number(value)), ` ${name}`);
  return [
    piece("d", counts.done - current, "done"),
    current ? piece("c", current, "current already") : null,
    piece("f", counts.failed, "failed"),
    piece("r", counts.running, "running"),
    piece("w", counts.left, "left"),
    counts.skipped ? el("span", { class: "m-muted" }, `${number(counts.skipped)} were current and are not part of it`) : null,
  ];
}

function figures(state) {
  const { estimate, budget } = state;
  const waves = state.stages.reduce((sum, stage) => sum + stage.waves.length, 0);
  const figure = (value, name, title) => el("div", { class: "m-figure", title }, el("b", {}, value), el("span", {}, name));
  return [
    estimate.rate !== null && figure(`${estimate.rate}/s`, state.is_end ? estimate.basis : "rate"),
    !state.is_end && figure(estimate.eta_seconds === null ? "unknown" : seconds(estimate.eta_seconds), `to go, ${estimate.basis}`),
    waves > 1 && figure(`${state.wave} of ${waves}`, "wave"),
    budget.most !== null && figure(`${number(budget.failed)} of ${number(budget.most)}`, "failures of the budget"),
  ];
}

function waits(state) {
  return [
    state.reason && el("p", { class: "m-reason" }, state.reason),
    state.waits.map((wait) => el("p", { class: "m-reason", data: { wait: wait.what } },
      wait.database && el("b", {}, `${wait.database}: `), wait.sentence,
      wait.execution && [" ", link(wait.execution)],
      wait.until && [", for another ", el("b", { data: { moment: wait.until, said: "in" } })],
      wait.since && [", ", el("span", { data: { moment: wait.since } })])),
  ];
}

function acted(state) {
  const line = (said, by, at, note) =>
    el("li", {}, el("b", {}, said), ` by ${by}, `, el("time", { title: full(at), data: { moment: at } }),
      note && el("div", { class: "m-muted" }, note));
  return [
    state.rollbacks.map((each) => el("li", {}, "Rolled back by execution ", link(each.execution), `: ${each.state.replace("_", " ")}`)),
    [...state.actions].reverse().map((each) => line(each.action.replace("_", " "), each.by, each.at, each.note)),
  ];
}

function cells(state, moved) {
  const letters = state.letters.join("");
  const isOther = !targets || targets.length !== state.targets.length || (moved === null && letters !== drawn);
  targets = state.targets;
  drawn = letters;
  if (isOther) grid.set(groupsOf(targets), state.letters);
  else if (moved) grid.change(moved);
  legend($("legend"), LETTERS, Object.fromEntries(Object.keys(LETTERS).map((each) => [each, count_(state.letters, each)])));
}

function groupsOf(all) {
  const groups = [];
  all.forEach(([database], at) => {
    const last = groups[groups.length - 1];
    if (last && last.name === database) last.to = at + 1;
    else groups.push({ name: database, from: at, to: at + 1 });
  });
  return groups.map((group) => ({ ...group, note: count(group.to - group.from, "target") }));
}

// What it cost is a document of its own: asked for now and then, and once more at the end.
function costs(state) {
  if (state.is_end ? costAt === state.since : Date.now() - costedAt < COSTS_EVERY) return;
  [costedAt, costAt] = [Date.now(), state.is_end ? state.since : null];
  showPerformance($("performance-card"), $("performance"), path("/performance"));
}

// One sentence for a screen reader now and then, not one for each cell.
function speak(state, percent) {
  if (Date.now() - spokenAt < SPOKEN_EVERY && !state.is_end) return;
  spokenAt = Date.now();
  text($("spoken"), `${state.title}: ${state.spoken}, ${percent} per cent, ${count(state.counts.failed, "failure")}`);
}

const live = new Live(`/stream/executions/${encodeURIComponent(id)}`, redraw);
