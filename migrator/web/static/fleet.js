// The fleet: every target at a glance, filtered as somebody likes, live.

import { Canvases } from "./canvas.js";
import { CONDITIONS, told } from "./conditions.js";
import { address, draw, el, show, text } from "./dom.js";
import { Filter } from "./filter.js";
import { Live } from "./live.js";
import { count, number } from "./say.js";
import { health, strips } from "./strips.js";

const LISTED = 50;
const SPOKEN_EVERY = 10000;

const $ = (id) => document.getElementById(id);
const pieces = Object.fromEntries(Object.keys(CONDITIONS).map((letter) => [letter, el("i", { data: { c: letter } })]));
let state = null;
let roster = null;
let asking = null;
let listed = LISTED;
let shown = [];
let spokenAt = 0;
$("bar").append(...["c", "r", "b", "n", "a", "d", "u", "l", "f", "x"].map((letter) => pieces[letter]));

const kind = (at) => state.kinds[state.letters[at]] || ["u", "", ""];
const name = (at) => roster.targets[at][2] || roster.targets[at][1];
const tenant = (at) => roster.targets[at][2] && address(`/tenants/${encodeURIComponent(roster.targets[at][2])}`);
const filter = new Filter($("filter"), () => {
  listed = LISTED;
  if (roster && state) whole();
});

const canvases = new Canvases($("grid"), {
  label: (at) => {
    const [letter, version, error] = kind(at);
    return [`${name(at)} in ${roster.databases[roster.targets[at][0]]}`, CONDITIONS[letter], version && `version ${version}`, error]
      .filter(Boolean).join(" · ");
  },
  pick: (at) => tenant(at) && window.location.assign(tenant(at)),
  head: (database, place, counted, size) => draw(place, [counted, size, state.unreachable[database], state.breakers[database]],
    () => head(database, counted, size)),
});

function head(database, counted, size) {
  const breaker = state.breakers[database];
  const region = roster.database_regions[database];
  return [
    filter.link({ database }, { class: "m-database" }, database),
    el("span", {}, [region, count(size, "target")].filter(Boolean).join(", ")),
    Object.keys(CONDITIONS).filter((letter) => counted[letter] && letter !== "c").map((letter) =>
      filter.link({ database, state: CONDITIONS[letter] }, { class: "m-count", data: { c: letter } }, `${number(counted[letter])} ${CONDITIONS[letter]}`)),
    breaker && el("span", { class: "m-bad", title: breaker.reason }, `breaker ${breaker.state}`),
    state.unreachable[database] && el("span", { class: "m-bad" }, state.unreachable[database]),
  ];
}

async function redraw(news, moved) {
  state = news;
  if (!roster || roster.roster !== state.roster || roster.targets.length !== state.letters.length) {
    await load();
    if (roster) whole();
    return;
  }
  if (moved === null) whole();
  else if (!moved.length) around();
  else if (filter.isOn) whole();
  else {
    canvases.change(moved.map(([at]) => at));
    around();
    list();
  }
}

// The roster is big and seldom another one: it is asked for by itself, compressed.
async function load() {
  if (asking) return asking;
  asking = fetch(address("/api/fleet/targets")).then((answer) => answer.json()).then((found) => {
    if (!found.targets) return;
    found.names = found.targets.map(([database, schema, id, slug]) =>
      `${id || ""} ${schema} ${slug} ${found.databases[database]}`.toLowerCase());
    roster = found;
  }).catch(() => null).finally(() => (asking = null));
  return asking;
}

function whole() {
  shown = filter.apply(roster, state.kinds, state.letters);
  const groups = new Map();
  for (const at of shown) {
    const key = roster.databases[roster.targets[at][0]];
    if (!groups.has(key)) groups.set(key, []);
    groups.get(key).push(at);
  }
  canvases.set([...groups].map(([key, numbers]) => ({ key, numbers })), (at) => kind(at)[0]);
  around();
  list();
}

function around() {
  const held = new Map();
  for (const letter of state.letters) held.set(letter, (held.get(letter) || 0) + 1);
  filter.options(roster, state.kinds, held);
  filter.tell(shown.length, roster.targets.length);
  conditions();
  draw($("versions"), [state.versions, state.newest, filter.wanted.version], versions);
  draw($("strips"), [state.executions, state.alerts, state.executions.length ? null : state.last], () => strips(state));
  draw($("notes"), [state.folder_error, roster.targets.length], notes);
  show($("health"), Boolean(state.health));
  if (state.health) draw($("health"), state.health, health);
  const active = roster.targets.length - (state.conditions.retired || 0);
  const databases = Object.keys(roster.kinds).length;
  text($("title"), `${count(active, "target")}, ${count(databases, "database")}`);
  text($("summary"), state.newest ? `The newest version of the tenants' folder is ${state.newest}.` : "The tenants' folder has no versions yet.");
  document.title = `${wrong() ? `${number(wrong())} need you` : "Fleet"} · Flower`;
  speak();
}

const wrong = () => ["failed", "locked", "unreachable", "drifted"].reduce((sum, word) => sum + (state.conditions[word] || 0), 0);

function conditions() {
  const active = roster.targets.length - (state.conditions.retired || 0);
  for (const [letter, word] of Object.entries(CONDITIONS)) {
    const here = letter === "x" ? 0 : state.conditions[word] || 0;
    pieces[letter].style.width = `max(4px, ${active ? (100 * here) / active : 0}%)`; // few among many are seen too
    pieces[letter].hidden = !here;
  }
  draw($("conditions"), [state.conditions, filter.wanted.state], () => Object.entries(CONDITIONS)
    .filter(([, word]) => state.conditions[word]).map(([letter, word]) =>
      filter.link({ state: word }, { class: `m-condition${filter.wanted.state === word ? " m-on" : ""}`, title: told(letter), data: { condition: word } },
        el("i", { class: "m-cell", data: { c: letter } }), el("b", { class: "m-num" }, number(state.conditions[word])), ` ${word}`)));
}

function versions() {
  const all = Object.entries(state.versions).sort(([one], [other]) => other.localeCompare(one, "en", { numeric: true }));
  return all.map(([version, held]) =>
    filter.link({ version: version || "none" }, { class: `m-version${version === state.newest ? " m-newest" : ""}`, data: { version: version || "none" } },
      el("b", {}, version ? `version ${version}` : "no version"), ` ${number(held)}`));
}

function notes() {
  return [
    state.folder_error && el("p", { class: "m-reason mb-3" }, state.folder_error),
    !roster.targets.length && el("section", { class: "m-card m-empty" }, el("h2", {}, "No tenants yet"),
      el("p", { class: "m-muted" }, "An event ", el("code", {}, "tenant.created"), " or ", el("code", {}, "migrator tenant add"), " registers one; it appears here at once.")),
  ];
}

function list() {
  const rows = shown.slice(0, listed);
  text($("list-count"), shown.length > rows.length ? `the first ${number(rows.length)} of ${number(shown.length)}` : number(shown.length));
  draw($("list"), [roster.roster, rows.map((at) => [at, ...kind(at)]), shown.length], () => [
    el("table", { class: "m-table" },
      el("thead", {}, el("tr", {}, ["Tenant", "Database and schema", "State", "Version", "Region"].map((said) => el("th", { scope: "col" }, said)))),
      el("tbody", {}, rows.map(line))),
    shown.length > rows.length && el("button", { type: "button", class: "btn btn-outline-secondary mt-3", onclick: more }, "Show more"),
  ]);
}

function more() {
  listed += 200;
  list();
}

function line(at) {
  const [database, schema, id, slug, region, labels] = roster.targets[at];
  const [letter, version, error] = kind(at);
  return el("tr", { data: { tenant: id || "" } },
    el("td", {}, id ? el("a", { href: tenant(at) }, id) : "–", slug && slug !== id && el("div", { class: "m-muted" }, slug)),
    el("td", {}, `${roster.databases[database]}/${schema}`, labels.length > 0 && el("div", { class: "m-muted" }, labels.map((each) => roster.labels[each]).join(", "))),
    el("td", {}, el("span", { class: "m-condition-word" }, el("i", { class: "m-cell", data: { c: letter } }), CONDITIONS[letter]), error && el("div", { class: "m-muted m-error" }, error)),
    el("td", { class: "m-num" }, version || "–"),
    el("td", {}, roster.regions[region] || "–"));
}

function speak() {
  if (Date.now() - spokenAt < SPOKEN_EVERY) return;
  spokenAt = Date.now();
  text($("spoken"), Object.entries(state.conditions).map(([word, held]) => `${held} ${word}`).join(", "));
}

new Live("/stream/fleet", redraw);
