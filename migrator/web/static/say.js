// Numbers and moments as people say them.

export const number = (value) => Number(value).toLocaleString("en");

export function seconds(value) {
  if (value === null || value === undefined) return "";
  if (value < 10) return `${Number(value.toFixed(1))} s`;
  const whole = Math.round(value);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  if (whole < 86400) return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
  return `${Math.floor(whole / 86400)} d ${Math.floor((whole % 86400) / 3600)} h`;
}

export const since = (moment) => Math.max(0, (Date.now() - Date.parse(moment)) / 1000);
export const until = (moment) => Math.max(0, (Date.parse(moment) - Date.now()) / 1000);

export function ago(moment) {
  const passed = since(moment);
  return passed < 2 ? "just now" : `${seconds(Math.floor(passed))} ago`;
}

export const clock = (moment) => new Date(moment).toLocaleTimeString("en-GB");
export const full = (moment) => new Date(moment).toLocaleString("en-GB", { timeZoneName: "short" });
export const count = (value, noun, plural = `${noun}s`) => `${number(value)} ${value === 1 ? noun : plural}`;

// What stands in an element with data-moment is said anew every second, by the way that data-said names.
const ways = {
  ago,
  for: (moment) => seconds(Math.floor(since(moment))),
  in: (moment) => seconds(Math.ceil(until(moment))),
};
export function tick() {
  for (const place of document.querySelectorAll("[data-moment]")) {
    const said = ways[place.dataset.said || "ago"](place.dataset.moment);
    if (place.textContent !== said) place.textContent = said;
  }
}
setInterval(tick, 1000);
