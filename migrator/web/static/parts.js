// Parts of the page of an execution: its steps, what runs, and commands to copy.

import { copy } from "./act.js";
import { bar } from "./bar.js";
import { el } from "./dom.js";
import { clock, number, seconds } from "./say.js";

const MARKS = { done: "✓", failed: "!", running: "▸", stopped: "‖", waiting: "·", never: "–" };

export function steps(stages) {
  return stages.filter((stage) => stage.waves.length).map((stage) =>
    el("div", { class: "m-stage" },
      el("div", { class: "m-stage-name" }, `${stage.number}. ${stage.scope}`,
        stage.to && el("span", { class: "m-muted" }, ` to version ${stage.to}`)),
      el("ol", { class: "m-steps" }, stage.waves.map(step))));
}

function step(wave) {
  const ended = wave.done + wave.failed;
  const gate = wave.most_failures === null ? null : `at most ${number(wave.most_failures)} may fail`;
  const times = wave.ended_at ? `ended ${clock(wave.ended_at)}` : wave.sent_at ? `sent ${clock(wave.sent_at)}` : "not sent yet";
  return el("li", { class: "m-step", data: { step: wave.step }, title: [times, gate].filter(Boolean).join("; ") },
    el("span", { class: "m-step-mark", role: "img", "aria-label": wave.step }, MARKS[wave.step]),
    el("span", {}, wave.is_canary ? "Canary" : `Wave ${wave.number}`),
    bar({ done: wave.done, failed: wave.failed, total: wave.total }, true),
    el("small", { class: "m-num" }, `${number(ended)}/${number(wave.total)}`));
}

export function activity(found) {
  return found.map((lane) =>
    el("div", { class: "m-run", data: { database: lane.database } },
      el("div", { class: "m-run-head" },
        el("b", {}, lane.schema ? `${lane.database}/${lane.schema}` : lane.database),
        lane.error ? el("span", { class: "m-muted" }, lane.error)
          : el("span", { class: "m-muted m-num" }, `lane ${lane.slot}, pid ${lane.pid}, statement for ${seconds(Math.floor(lane.seconds))}`)),
      lane.progress && progress(lane.progress),
      lane.lock && el("div", { class: "m-muted" }, `waits for ${lane.lock}`),
      (lane.blocked_by || []).map(blocker)));
}

function progress(found) {
  const share = found.share === null ? null : Math.min(found.share, 1);
  const percent = share === null ? "" : `, ${Math.floor(100 * share)}%`;
  return el("div", {},
    el("span", {}, `${found.command} ${found.relation}: ${found.phase}${percent}`),
    el("progress", { max: 1, value: share, "aria-label": found.phase }));
}

const blocker = (found) =>
  el("p", { class: "m-blocked" }, "is blocked by ", el("b", {}, `pid ${found.pid}`),
    ` (${[found.user, found.application].filter(Boolean).join(", ")}), ${found.state || "state unknown"} for ${seconds(Math.floor(found.seconds))}: `,
    el("span", { class: "m-mono" }, found.query));

export function command(line) {
  const button = el("button", { type: "button", class: "btn btn-sm btn-outline-secondary", onclick: () => copy(line, button) }, "Copy");
  return el("div", { class: "m-command" }, el("span", {}, line), button);
}
