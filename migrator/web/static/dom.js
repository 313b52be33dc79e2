// Elements made from data. Text is only ever set as text, so that what comes from a database stays text.

export function el(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (key === "class") made.className = value;
    else if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
    else if (key === "data") Object.assign(made.dataset, value);
    else made.setAttribute(key, value === true ? "" : String(value));
  }
  made.append(...children.flat(3).filter((child) => child !== null && child !== undefined && child !== false));
  return made;
}

// Put new children into a place only when what they are made from has changed: a selection or an open menu stays.
const drawn = new WeakMap();
export function draw(place, from, make) {
  const key = JSON.stringify(from);
  if (drawn.get(place) === key) return;
  drawn.set(place, key);
  const children = make(from);
  place.replaceChildren(...[children].flat(3).filter(Boolean));
}

export function text(place, said) {
  if (place.textContent !== said) place.textContent = said;
}

export function show(place, isShown) {
  place.hidden = !isShown;
}

const root = document.body.dataset.root;
export const address = (path) => root + path;
export const isReadOnly = document.body.dataset.readOnly === "yes";
