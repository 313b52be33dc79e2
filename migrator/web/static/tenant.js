// One tenant: why it is at its version, what became of it, and what can be done.

import { confirmed, post, toast } from "./act.js";
import { address, draw, el, isReadOnly, text } from "./dom.js";
import { Live } from "./live.js";
import { command } from "./parts.js";
import { count, full, seconds, tick } from "./say.js";

const $ = (id) => document.getElementById(id);
const id = $("tenant").dataset.tenant;
const path = (rest) => `/api/tenants/${encodeURIComponent(id)}${rest}`;
const SPOKEN = { pending: "waiting" };
let asked = null;
let asking = false;

function redraw(state) {
  text($("who"), `${state.slug === state.tenant ? "" : `${state.slug}, `}schema ${state.schema} of database ${state.database}${state.region ? `, ${state.region}` : ""}`);
  draw($("buttons"), [state.state, state.database_state, state.outcomes[0]], () => (isReadOnly ? [] : buttons(state)));
  draw($("facts"), [state], () => facts(state));
  draw($("outcomes"), state.outcomes, outcomes);
  draw($("commands"), state.tenant, () => [command(`migrator explain ${quoted(id)}`), command(`migrator migrate --tenant ${quoted(id)}`)]);
  const newest = JSON.stringify(state.outcomes.slice(0, 3).map((each) => [each.execution, each.state, each.execution_state]));
  if (newest !== asked) {
    asked = newest;
    explain();
  }
}

const quoted = (said) => (/^[\w.@%+:,/-]+$/.test(said) ? said : `'${said.replaceAll("'", "'\"'\"'")}'`);

// Its own database is asked only when the ledger has something new, or when somebody wants it.
async function explain() {
  if (asking) return;
  asking = true;
  try {
    const answer = await fetch(address(path("/explanation")));
    const found = await answer.json();
    draw($("why"), found, () => (answer.ok ? why(found) : el("p", { class: "m-reason" }, found.error)));
    if (answer.ok) draw($("history"), [found.is_known, found.history], () => history(found));
    tick();
  } catch {
    toast("The dashboard did not answer; trying again with the next change.", "failed");
  } finally {
    asking = false;
  }
}

function why(found) {
  const look = found.is_current && !found.causes.length ? "ok" : found.causes.some((cause) => BAD.includes(cause.kind)) ? "fail" : "warn";
  return [
    el("p", { class: "m-why", data: { look } }, found.sentence),
    found.causes.length > 0 && el("ul", { class: "m-causes" }, found.causes.map((cause) =>
      el("li", { data: { cause: cause.kind } },
        el("span", { class: "m-code" }, cause.kind.replaceAll("_", " ")),
        !found.sentence.endsWith(cause.sentence) && ` ${cause.sentence}`, // else it was just said
        cause.advice && advice(cause.advice)))),
    found.pending && found.pending.length > 0 && el("p", { class: "mt-3 mb-0" }, el("b", {}, `${count(found.pending.length, "migration")} pending: `),
      el("span", { class: "m-mono" }, found.pending.slice(0, 10).join(", ") + (found.pending.length > 10 ? ", …" : ""))),
    el("p", { class: "m-muted mt-3 mb-0" }, found.looked_at ? ["Its database was asked ", el("time", { data: { moment: found.looked_at } }), ". "] : "",
      el("button", { type: "button", class: "btn btn-sm btn-outline-secondary", id: "again", onclick: explain }, "Ask again")),
  ];
}

// What to do, and where it is a command, that as one to copy.
function advice(said) {
  const [, before, line] = said.match(/^(.*, then: )?(migrator (?:retry|migrate|resume|watch|show|doctor)\b(?:(?! brings| shows)[^;,])*)$/) || [];
  return line ? [before && el("div", { class: "m-muted" }, before), command(line)] : el("div", { class: "m-muted" }, said);
}

const BAD = ["failed", "halted", "unreachable", "disagrees", "drifted", "breaker"];

function history(found) {
  if (!found.is_known) return el("p", { class: "m-muted" }, "Its database cannot be asked now.");
  if (!found.history.length) return el("p", { class: "m-muted" }, "It has none yet.");
  return el("ol", { class: "m-history" }, [...found.history].reverse().map((row) =>
    el("li", { data: { ok: row.success ? "yes" : "no" } },
      el("b", { class: "m-num" }, row.version || "–"), el("span", { class: "m-mono" }, row.script),
      el("span", { class: "m-muted", title: row.at && full(row.at) }, row.at && el("time", { data: { moment: row.at } })))));
}

function facts(state) {
  const fact = (name, value) => value && [el("dt", {}, name), el("dd", {}, value)];
  return [
    fact("database", [el("a", { href: `${address("")}?database=${encodeURIComponent(state.database)}` }, state.database), `, ${count(state.peers, "tenant")}`]),
    fact("schema", state.schema), fact("region", state.region), fact("slug", state.slug),
    fact("labels", Object.entries(state.labels).map(([key, value]) => `${key}=${value}`).join(", ")),
    fact("state", state.database_state === "active" ? state.state : `${state.state}, its database is ${state.database_state}`),
    fact("template", state.template_version), fact("registered", full(state.created_at)),
  ];
}

function outcomes(found) {
  if (!found.length) return el("p", { class: "m-muted" }, "No execution had it yet.");
  return found.map((each) => {
    const versions = each.from_version || each.to_version ? `${each.from_version || "nothing"} → ${each.to_version || "?"}` : null;
    return el("div", { class: "m-group", data: { outcome: each.state, execution: each.execution } },
      el("div", { class: "m-group-head" },
        el("span", { class: "m-state", data: { state: each.state } }, SPOKEN[each.state] || each.state),
        el("a", { href: address(`/executions/${encodeURIComponent(each.execution)}`) }, `${each.kind} ${each.execution.slice(0, 8)}`),
        versions && el("span", { class: "m-num" }, versions),
        each.seconds !== null && el("span", { class: "m-muted m-num" }, seconds(each.seconds)),
        el("span", { class: "m-muted" }, `${each.requested_by}, `, el("time", { title: full(each.at), data: { moment: each.at } }))),
      each.execution_state !== "completed" && each.state !== each.execution_state && el("p", { class: "m-muted" }, `the execution is ${each.execution_state.replaceAll("_", " ")}`),
      each.refused > 0 && el("p", { class: "m-muted" }, `its server refused it ${count(each.refused, "time")} for now`),
      each.error && el("p", {}, each.sqlstate && el("span", { class: "m-code" }, each.sqlstate), " ", each.script && el("span", { class: "m-code" }, `${each.script}${each.line ? `:${each.line}` : ""}`), " ", each.error),
      each.statement && el("pre", { class: "m-sql" }, each.statement),
      each.applied.length > 0 && el("p", { class: "m-muted" }, each.applied.join(", ")));
  });
}

function buttons(state) {
  if (state.state !== "active" || state.database_state !== "active") return [];
  const last = state.outcomes.find((each) => ["migrate", "rollback"].includes(each.kind));
  const canRetry = last && last.is_end && last.state !== "done" && ["halted", "failed", "cancelled"].includes(last.execution_state);
  return [
    button("migrate", "Migrate this tenant", "btn-primary", path("/migrate"), {
      title: `Migrate tenant ${state.tenant}?`,
      sentences: [`Its schema ${state.schema} is brought to the newest version by an execution of its own. Nothing happens when it is there already.`],
    }),
    canRetry && button("retry", "Retry its execution", "btn-outline-secondary", `/api/executions/${encodeURIComponent(last.execution)}/retry`, {
      title: `Retry execution ${last.execution.slice(0, 8)}?`,
      sentences: ["It takes up everything that failed or was not touched in that execution, other tenants too, a canary first. What is done is left alone."],
    }),
    button("drift", "Check for drift", "btn-outline-secondary", path("/drift"), {
      title: "Look for drift?",
      sentences: [`The catalogs of all ${count(state.peers, "tenant")} of database ${state.database} are compared; those unlike their peers are told. Nothing is changed.`],
    }),
  ];
}

function button(action, name, look, where, asks) {
  const made = el("button", { type: "button", class: `btn ${look}`, data: { action }, onclick: act }, name);
  async function act() {
    if (!(await confirmed({ ...asks, button: name }))) return;
    made.disabled = true;
    try {
      const said = await post(where);
      toast(said.summary);
    } catch (error) {
      toast(error.message, "failed");
    } finally {
      made.disabled = false;
    }
  }
  return made;
}

new Live(`/stream/tenants/${encodeURIComponent(id)}`, redraw);
