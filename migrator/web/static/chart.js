// Targets a second over the time of an execution, by uPlot, in the colours of the theme.

import { clock } from "./say.js";

const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

export class Chart {
  constructor(place) {
    this.place = place;
    new ResizeObserver(() => this.fit()).observe(place);
    new MutationObserver(() => this.again()).observe(document.documentElement, { attributeFilter: ["data-bs-theme"] });
  }

  set(found) {
    if (!found.done || this.found === found) return;
    this.found = found;
    const begin = Date.parse(found.from) / 1000;
    const times = found.done.map((_, at) => begin + (at + 0.5) * found.seconds);
    this.data = [times, found.done, found.failed];
    if (this.plot) this.plot.setData(this.data);
    else requestAnimationFrame(() => this.again());
  }

  again() {
    if (!this.data || !this.place.clientWidth) return;
    if (this.plot) this.plot.destroy();
    const axis = { stroke: colour("--flower-text-muted"), font: "11px system-ui", ticks: { show: false },
      grid: { stroke: colour("--bs-border-color"), width: 1 } };
    this.plot = new uPlot({
      width: this.place.clientWidth,
      height: 150,
      legend: { show: false },
      cursor: { y: false },
      scales: { y: { range: (_, low, high) => [0, Math.max(high, 1) * 1.1] } },
      axes: [
        { ...axis, grid: { show: false }, size: 26, space: 70, values: (_, splits) => splits.map((at) => clock(at * 1000)) },
        { ...axis, size: 36, space: 30 },
      ],
      series: [
        {},
        { label: "done", stroke: colour("--m-done"), width: 2, fill: `${colour("--m-done")}33`, points: { show: false } },
        { label: "failed", stroke: colour("--m-failed"), width: 2, points: { show: false } },
      ],
    }, this.data, this.place);
  }

  fit() {
    if (this.plot && this.place.clientWidth) this.plot.setSize({ width: this.place.clientWidth, height: 150 });
    else this.again();
  }
}
