// Cells of many targets on canvases, one for each database: ten thousand are drawn in a few milliseconds.

import { CONDITIONS } from "./conditions.js";
import { el } from "./dom.js";

const SIZES = [[400, 24], [2000, 17], [Infinity, 12]];
const GAP = 2;

const style = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

export class Canvases {
  // ``label`` names a target for the hint; ``pick`` is called with the number of a chosen one; ``head`` makes a block's head.
  constructor(place, { label, pick, head }) {
    Object.assign(this, { place, label, pick, head, blocks: [], at: new Map() });
    this.hint = el("div", { class: "m-grid-hint", hidden: true });
    document.body.append(this.hint);
    this.colours();
    new ResizeObserver(() => this.fit()).observe(place);
    new MutationObserver(() => this.again()).observe(document.documentElement, { attributeFilter: ["data-bs-theme"] });
    window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => setTimeout(() => this.again(), 50));
  }

  colours() {
    this.fills = Object.fromEntries(Object.keys(CONDITIONS).map((letter) => [letter, style(`--c-${letter}`)]));
    this.inks = Object.fromEntries(Object.keys(CONDITIONS).map((letter) => [letter, style(`--ink-${letter}`)]));
  }

  // groups: [{key, numbers}]; letter: the condition's letter of a number.
  set(groups, letter) {
    this.letter = letter;
    const total = groups.reduce((sum, group) => sum + group.numbers.length, 0);
    this.size = SIZES.find(([most]) => total <= most)[1];
    const known = new Map(this.blocks.map((block) => [block.key, block]));
    this.blocks = groups.map((group) => ({ ...(known.get(group.key) || this.block(group.key)), numbers: group.numbers }));
    this.at = new Map(this.blocks.flatMap((block) => block.numbers.map((one, place) => [one, [block, place]])));
    const elements = this.blocks.map((block) => block.element);
    if (elements.length !== this.place.children.length || elements.some((each, at) => this.place.children[at] !== each)) {
      this.place.replaceChildren(...elements);
    }
    this.fit(true);
  }

  block(key) {
    const head = el("div", { class: "m-grid-head" });
    const canvas = el("canvas", { class: "m-canvas", role: "img", tabindex: 0 });
    const made = { key, canvas, head, element: el("div", { class: "m-grid-group", data: { database: key } }, head, canvas) };
    const find = (event) => this.find(this.blocks.find((block) => block.canvas === canvas), event);
    canvas.addEventListener("mousemove", (event) => this.hover(canvas, find(event), event));
    canvas.addEventListener("mouseleave", () => (this.hint.hidden = true));
    canvas.addEventListener("click", (event) => this.choose(find(event)));
    canvas.addEventListener("keydown", (event) => this.walk(canvas, event));
    return made;
  }

  fit(isForced = false) {
    const width = this.place.clientWidth;
    if (!width || (!isForced && width === this.width)) return;
    this.width = width;
    this.step = this.size + GAP;
    this.columns = Math.max(1, Math.floor((width + GAP) / this.step));
    for (const block of this.blocks) this.paint(block);
  }

  again() {
    this.colours();
    this.fit(true);
  }

  paint(block) {
    const ratio = window.devicePixelRatio || 1;
    const lines = Math.ceil(block.numbers.length / this.columns);
    const [width, height] = [this.width, lines * this.step];
    block.canvas.width = width * ratio;
    block.canvas.height = height * ratio;
    block.canvas.style.height = `${height}px`;
    block.pen = block.canvas.getContext("2d");
    block.pen.scale(ratio, ratio);
    block.pen.font = `700 ${Math.round(this.size * 0.58)}px system-ui, sans-serif`;
    block.pen.textAlign = "center";
    block.pen.textBaseline = "middle";
    const counted = {};
    block.numbers.forEach((one, place) => {
      const letter = this.letter(one);
      counted[letter] = (counted[letter] || 0) + 1;
      this.cell(block, place, letter);
    });
    this.tell(block, counted);
  }

  tell(block, counted) {
    const said = Object.keys(CONDITIONS).filter((letter) => counted[letter]).map((letter) => `${counted[letter]} ${CONDITIONS[letter]}`);
    block.canvas.setAttribute("aria-label", `${block.key}: ${said.join(", ")}`);
    block.canvas.dataset.shown = block.numbers.length;
    this.head(block.key, block.head, counted, block.numbers.length);
  }

  cell(block, place, letter, isMarked = false) {
    const { pen } = block;
    const [x, y] = [(place % this.columns) * this.step, Math.floor(place / this.columns) * this.step];
    pen.clearRect(x - 1, y - 1, this.size + 2, this.size + 2);
    pen.fillStyle = this.fills[letter];
    pen.beginPath();
    pen.roundRect(x, y, this.size, this.size, this.size > 14 ? 4 : 2);
    pen.fill();
    pen.fillStyle = this.inks[letter];
    pen.fillText(letter === "x" ? "–" : letter.toUpperCase(), x + this.size / 2, y + this.size / 2 + 0.5);
    if (!isMarked) return;
    pen.strokeStyle = style("--bs-body-color");
    pen.lineWidth = 2;
    pen.strokeRect(x, y, this.size, this.size);
  }

  // Only these were changed: each is painted over, and heads are counted anew.
  change(numbers) {
    const touched = new Set();
    for (const one of numbers) {
      const [block, place] = this.at.get(one) || [];
      if (!block || !block.pen) continue;
      this.cell(block, place, this.letter(one));
      touched.add(block);
    }
    for (const block of touched) {
      const counted = {};
      for (const one of block.numbers) counted[this.letter(one)] = (counted[this.letter(one)] || 0) + 1;
      this.tell(block, counted);
    }
  }

  find(block, event) {
    const [column, line] = [Math.floor(event.offsetX / this.step), Math.floor(event.offsetY / this.step)];
    const place = line * this.columns + column;
    return column < this.columns && place < block.numbers.length ? block.numbers[place] : null;
  }

  hover(canvas, one, event) {
    this.hint.hidden = one === null;
    canvas.style.cursor = one === null ? "" : "pointer";
    if (one === null) return;
    this.hint.textContent = this.label(one);
    this.hint.style.left = `${Math.min(event.clientX + 12, window.innerWidth - this.hint.offsetWidth - 8)}px`;
    this.hint.style.top = `${event.clientY + 16}px`;
  }

  choose(one) {
    if (one !== null) this.pick(one);
  }

  // The arrow keys walk through the cells of a database; Enter chooses.
  walk(canvas, event) {
    const block = this.blocks.find((each) => each.canvas === canvas);
    const step = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: this.columns, ArrowUp: -this.columns }[event.key];
    if (event.key === "Enter" && block.marked !== undefined) this.pick(block.numbers[block.marked]);
    if (step === undefined) return;
    event.preventDefault();
    if (block.marked !== undefined) this.cell(block, block.marked, this.letter(block.numbers[block.marked]));
    block.marked = block.marked === undefined ? 0 : Math.min(Math.max(block.marked + step, 0), block.numbers.length - 1);
    const one = block.numbers[block.marked];
    this.cell(block, block.marked, this.letter(one), true);
    canvas.setAttribute("aria-label", this.label(one));
  }
}
