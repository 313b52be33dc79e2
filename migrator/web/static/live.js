// A document that stays true: the first frame is the whole of it, later ones are what changed.

import { address, show, text } from "./dom.js";
import { tick } from "./say.js";

const AGAIN = 2000;
const LOOK_AFTER_END = 10000;

export class Live {
  constructor(path, redraw) {
    this.path = path;
    this.redraw = redraw;
    this.state = null;
    this.planned = false;
    this.trouble = document.getElementById("trouble");
    document.addEventListener("visibilitychange", () => (document.hidden ? this.close() : this.open()));
    this.open();
  }

  // A hidden page has no stream: browsers open only six connections to a host.
  open() {
    this.close();
    this.source = new EventSource(address(this.path));
    this.source.addEventListener("complete", (event) => this.take(JSON.parse(event.data), true));
    this.source.addEventListener("change", (event) => this.take(JSON.parse(event.data), false));
    this.source.addEventListener("trouble", (event) => this.complain(JSON.parse(event.data).sentence));
    this.source.addEventListener("end", () => this.ended());
    this.source.addEventListener("open", () => this.complain(null));
    this.source.addEventListener("error", () => this.lost());
  }

  close() {
    clearTimeout(this.timer);
    if (this.source) this.source.close();
    this.source = null;
  }

  take(said, isWhole) {
    const { changed_cells: cells, ...parts } = said;
    if (isWhole) this.state = parts;
    else Object.assign(this.state, parts);
    if (isWhole) this.state.letters = [...(parts.cells || "")];
    for (const [at, letter] of cells || []) this.state.letters[at] = letter;
    const moved = isWhole ? null : (this.moved || []).concat(cells || []);
    this.moved = this.planned && this.moved === null ? null : moved;
    if (this.planned) return;
    this.planned = true;
    requestAnimationFrame(() => {
      this.planned = false;
      const news = this.moved;
      this.moved = [];
      this.redraw(this.state, news);
      tick();
      document.body.dataset.frames = String(Number(document.body.dataset.frames || 0) + 1);
    });
  }

  // It may be taken up again by somebody else: look now and then, gently.
  ended() {
    this.close();
    document.body.dataset.live = "ended";
    this.timer = setTimeout(() => this.open(), LOOK_AFTER_END);
  }

  lost() {
    if (this.source && this.source.readyState === EventSource.CLOSED) {
      this.close();
      this.timer = setTimeout(() => this.open(), AGAIN);
    }
    this.complain("The connection to the dashboard is lost; what you see may be old. Trying again.");
  }

  complain(sentence) {
    document.body.dataset.live = sentence ? "lost" : "yes";
    text(this.trouble, sentence || "");
    show(this.trouble, Boolean(sentence));
  }
}
