// What the fleet is filtered by. It lives in the page's address, so that what somebody sees can be shared.

import { CONDITIONS, LETTERS } from "./conditions.js";
import { draw, el } from "./dom.js";
import { number } from "./say.js";

const FIELDS = ["q", "state", "version", "region", "database", "label", "error"];

export class Filter {
  constructor(form, changed) {
    this.form = form;
    this.changed = changed;
    this.wanted = Object.fromEntries(new URLSearchParams(window.location.search));
    this.search = el("input", { type: "search", class: "form-control", placeholder: "Name, schema or database",
      "aria-label": "Name, schema or database", id: "filter-q" });
    this.search.value = this.wanted.q || "";
    this.selects = Object.fromEntries(FIELDS.slice(1).map((field) => [field, this.select(field)]));
    this.count = el("span", { class: "m-muted m-num", id: "filter-count" });
    this.clear = el("button", { type: "button", class: "btn btn-sm btn-link", hidden: true, onclick: () => this.set({}) }, "Show all");
    form.append(this.search, ...Object.values(this.selects), this.count, this.clear);
    form.addEventListener("submit", (event) => event.preventDefault());
    this.search.addEventListener("input", () => this.put("q", this.search.value.trim()));
    window.addEventListener("popstate", () => this.read());
  }

  select(field) {
    const place = el("select", { class: "form-select", "aria-label": field, id: `filter-${field}` });
    place.addEventListener("change", () => this.put(field, place.value));
    return place;
  }

  get isOn() {
    return FIELDS.some((field) => this.wanted[field]);
  }

  put(field, value) {
    this.set({ ...this.wanted, [field]: value });
  }

  set(wanted) {
    this.wanted = Object.fromEntries(Object.entries(wanted).filter(([field, value]) => FIELDS.includes(field) && value));
    const asked = new URLSearchParams(this.wanted).toString();
    window.history.replaceState(null, "", asked ? `?${asked}` : window.location.pathname);
    if (this.search.value.trim() !== (this.wanted.q || "")) this.search.value = this.wanted.q || "";
    this.changed();
  }

  read() {
    this.set(Object.fromEntries(new URLSearchParams(window.location.search)));
  }

  // A link that sets some fields and leaves the others; it works in a new window as well.
  link(fields, attributes, ...children) {
    const wanted = { ...fields };
    return el("a", { ...attributes, href: `?${new URLSearchParams(wanted)}`, onclick: (event) => {
      if (event.metaKey || event.ctrlKey || event.shiftKey) return;
      event.preventDefault();
      this.set(wanted);
      this.form.scrollIntoView({ block: "start", behavior: "smooth" });
    } }, ...children);
  }

  options(roster, kinds, counts) {
    const errors = new Map();
    const versions = new Map();
    for (const [mark, [letter, version, error]] of Object.entries(kinds)) {
      const held = counts.get(mark) || 0;
      if (error && held) errors.set(error, (errors.get(error) || 0) + held);
      if (held && letter !== "x") versions.set(version, (versions.get(version) || 0) + held);
    }
    this.fill("state", "any state", Object.values(CONDITIONS).map((word) => [word, word]));
    this.fill("version", "any version", [...versions].sort(byVersion).map(([version, held]) => [version || "none", `${version || "no version"} (${number(held)})`]));
    this.fill("region", "any region", roster.regions.filter(Boolean).map((name) => [name, name]));
    this.fill("database", "any database", roster.databases.map((name) => [name, name]));
    this.fill("label", "any label", [...roster.labels].sort().map((name) => [name, name]));
    this.fill("error", "any error", [...errors].sort((a, b) => b[1] - a[1]).map(([error, held]) => [error, `${number(held)} × ${error}`]));
  }

  fill(field, every, found) {
    const place = this.selects[field];
    if (document.activeElement === place && place.options.length) return; // it may be open
    const wanted = this.wanted[field] || "";
    const all = [["", every], ...found];
    if (wanted && !found.some(([value]) => value === wanted)) all.push([wanted, wanted]);
    draw(place, all, () => all.map(([value, said]) => el("option", { value }, said)));
    place.hidden = !found.length && !wanted;
    place.value = wanted;
    place.classList.toggle("m-on", Boolean(wanted));
  }

  // The numbers of the targets that are wanted, in order.
  apply(roster, kinds, letters) {
    const { q, state, version, region, database, label, error } = this.wanted;
    const marks = new Set(Object.entries(kinds).filter(([, kind]) =>
      (!state || kind[0] === LETTERS[state]) && (!version || (kind[1] || "none") === version)
      && (!error || kind[2] === error)).map(([mark]) => mark));
    const at = (list, value) => (value ? list.indexOf(value) : null);
    const [inRegion, inDatabase, withLabel] = [at(roster.regions, region), at(roster.databases, database), at(roster.labels, label)];
    const words = (q || "").toLowerCase().split(/\s+/).filter(Boolean);
    const found = [];
    roster.targets.forEach((target, place) => {
      if (!marks.has(letters[place])) return;
      if (inRegion !== null && target[4] !== inRegion) return;
      if (inDatabase !== null && target[0] !== inDatabase) return;
      if (withLabel !== null && !target[5].includes(withLabel)) return;
      if (words.length && !words.every((word) => roster.names[place].includes(word))) return;
      found.push(place);
    });
    return found;
  }

  tell(shown, all) {
    this.count.textContent = this.isOn ? `${number(shown)} of ${number(all)}` : "";
    this.clear.hidden = !this.isOn;
  }
}

const byVersion = ([one], [other]) => other.localeCompare(one, "en", { numeric: true });
