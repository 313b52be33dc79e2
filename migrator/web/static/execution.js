import { Live } from "./live.js";
const place = document.getElementById("execution");
new Live(`/stream/executions/${encodeURIComponent(place.dataset.execution)}`, (state) => { place.textContent = state.title; });
