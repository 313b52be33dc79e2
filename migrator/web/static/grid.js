// Many cells, each a letter and a colour, in named groups; made once, then only those are touched that changed.

import { draw, el } from "./dom.js";

export class Grid {
  // ``names`` says a letter's word; ``label`` the cell's name; ``pick`` is called with the number of a chosen cell.
  constructor(place, { names, label, pick }) {
    this.place = place;
    this.names = names;
    this.label = label;
    this.pick = pick;
    this.cells = [];
    this.hint = el("div", { class: "m-grid-hint", hidden: true });
    document.body.append(this.hint);
    place.addEventListener("mouseover", (event) => this.hover(event));
    place.addEventListener("mouseleave", () => (this.hint.hidden = true));
    place.addEventListener("click", (event) => this.chosen(event));
    place.addEventListener("keydown", (event) => this.walk(event));
  }

  // groups: [{name, note, from, to}], a stretch of cells each; letters: one for each cell.
  set(groups, letters) {
    this.letters = letters;
    this.cells = letters.map((letter, at) => {
      const cell = document.createElement("i");
      cell.dataset.s = letter;
      cell.dataset.at = at;
      return cell;
    });
    this.place.classList.toggle("m-grid-many", letters.length > 1500);
    this.place.replaceChildren(
      ...groups.map((group) => {
        const field = el("div", { class: "m-grid-cells", role: "group", tabindex: 0, "aria-label": group.name });
        field.append(...this.cells.slice(group.from, group.to));
        const head = el("div", { class: "m-grid-head" }, el("strong", {}, group.name), el("span", {}, group.note || ""));
        return el("div", { class: "m-grid-group" }, head, field);
      }),
    );
  }

  change(pairs) {
    for (const [at, letter] of pairs) if (this.cells[at]) this.cells[at].dataset.s = letter;
  }

  said(at) {
    return `${this.label(at)}: ${this.names[this.cells[at].dataset.s] || this.cells[at].dataset.s}`;
  }

  hover(event) {
    const at = event.target.dataset && event.target.dataset.at;
    this.hint.hidden = at === undefined;
    if (at === undefined) return;
    this.hint.textContent = this.said(Number(at));
    const box = event.target.getBoundingClientRect();
    this.hint.style.left = `${Math.min(box.left, window.innerWidth - this.hint.offsetWidth - 8)}px`;
    this.hint.style.top = `${box.bottom + 6}px`;
  }

  chosen(event) {
    const at = event.target.dataset && event.target.dataset.at;
    if (at === undefined) return;
    this.mark(Number(at));
    this.pick(Number(at));
  }

  // The arrow keys walk through a group; Enter chooses.
  walk(event) {
    const field = event.target.closest(".m-grid-cells");
    const step = { ArrowRight: 1, ArrowLeft: -1, Home: -Infinity, End: Infinity }[event.key];
    if (!field || (step === undefined && event.key !== "Enter")) return;
    event.preventDefault();
    const [first, last] = [Number(field.firstChild.dataset.at), Number(field.lastChild.dataset.at)];
    const now = this.marked >= first && this.marked <= last ? this.marked : first - Math.sign(step || 0);
    if (event.key === "Enter") this.pick(now < first ? first : now);
    else this.mark(Math.min(Math.max(now + step, first), last));
    field.setAttribute("aria-label", this.said(Math.max(this.marked, first)));
  }

  mark(at) {
    if (this.cells[this.marked]) this.cells[this.marked].classList.remove("marked");
    this.marked = at;
    this.cells[at].classList.add("marked");
  }
}

// What the letters mean, with how many there are of each.
export function legend(place, names, counts) {
  draw(place, counts, () =>
    Object.entries(names).map(([letter, name]) =>
      el("span", { class: "m-legend" }, el("i", { class: "m-cell", data: { s: letter } }), `${name} ${counts[letter] || 0}`),
    ),
  );
}
