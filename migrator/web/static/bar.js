// The segmented bar: what became of targets, and what is left.

import { el } from "./dom.js";

const PIECES = [["d", "done"], ["c", "current"], ["f", "failed"], ["r", "running"]];

export class Bar {
  constructor(thin = false) {
    this.pieces = Object.fromEntries(PIECES.map(([letter]) => [letter, el("i", { data: { s: letter } })]));
    this.element = el("div", { class: `m-bar${thin ? " m-bar-thin" : ""}`, role: "img" }, Object.values(this.pieces));
  }

  // counts: done, failed, running and total
  set(counts) {
    for (const [letter, name] of PIECES) {
      const share = counts.total ? (100 * (counts[name] || 0)) / counts.total : 0;
      this.pieces[letter].style.width = `${share}%`;
      this.pieces[letter].hidden = !share;
    }
    const said = PIECES.filter(([, name]) => counts[name]).map(([, name]) => `${counts[name]} ${name}`);
    this.element.setAttribute("aria-label", `${said.join(", ") || "nothing yet"} of ${counts.total}`);
    return this.element;
  }
}

export const bar = (counts, thin = false) => new Bar(thin).set(counts);
