// Pause, resume, retry, roll back, cancel: each says what it will do, asks, and tells what became of it.

import { confirmed, post, toast } from "./act.js";
import { el } from "./dom.js";
import { count } from "./say.js";

const targets = (value) => count(value, "target");

const ACTIONS = {
  pause: {
    button: "Pause",
    look: "btn-outline-secondary",
    asks: ({ counts }) => ({
      title: "Pause this execution?",
      sentences: [
        `No further target is claimed; the ${targets(counts.running)} in hand are finished. Resume goes on where it stopped.`,
      ],
    }),
  },
  resume: {
    button: "Resume",
    look: "btn-primary",
    asks: ({ state, counts }) => ({
      title: "Resume this execution?",
      sentences: state === "halted"
        ? ["It goes on with a canary first. What failed stays failed and counts no more against the budget."]
        : [`It goes on with the ${targets(counts.left)} that are left.`],
    }),
  },
  retry: {
    button: "Retry",
    look: "btn-primary",
    asks: ({ counts }) => ({
      title: "Retry what is not done?",
      sentences: [`It takes up the ${counts.failed} that failed and the ${counts.left} that were not touched, a canary first. What is done is left alone.`],
    }),
  },
  rollback: {
    button: "Roll back",
    look: "btn-outline-danger",
    asks: ({ counts }) => ({
      title: "Roll this execution back?",
      danger: true,
      sentences: [
        `What it changed in up to ${targets(counts.done)} is taken back, in exactly those, and proved by their fingerprints.`,
        "A target that moved on since is not touched. This starts an execution of its own.",
      ],
      form: strategies(),
    }),
  },
  cancel: {
    button: "Cancel",
    look: "btn-outline-danger",
    asks: ({ counts }) => ({
      title: "Cancel this execution?",
      danger: true,
      sentences: [`It ends here: what is done stays done, and ${targets(counts.left)} are not touched. Retry can take them up later.`],
    }),
  },
};

const ways = {
  auto: "whatever is safe: undo script, certain inverse, snapshot",
  undo: "undo scripts only",
  inverse: "derived inverses only",
  snapshot: "snapshots only",
};

function strategies() {
  return el("label", { class: "d-block mt-2" }, "How ",
    el("select", { class: "form-select mt-1", id: "strategy" },
      Object.entries(ways).map(([value, said]) => el("option", { value }, `${value}: ${said}`))));
}

export function buttons(state, path, live) {
  return Object.entries(ACTIONS).filter(([name]) => state.may.includes(name)).map(([name, action]) => {
    const button = el("button", { type: "button", class: `btn ${action.look}`, data: { action: name }, onclick: act }, action.button);
    async function act() {
      const asks = action.asks(state);
      if (!(await confirmed({ ...asks, button: action.button }))) return;
      button.disabled = true;
      try {
        const wishes = asks.form ? { strategy: asks.form.querySelector("select").value } : {};
        const said = await post(path(`/${name}`), wishes);
        toast(said.summary.replace(`execution ${state.execution}`, "This execution"));
        live.open();
      } catch (error) {
        toast(error.message, "failed");
      } finally {
        button.disabled = false;
      }
    }
    return button;
  });
}
