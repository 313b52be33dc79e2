// What changes something: asked once more, posted with the token, answered in a sentence.

import { address, el } from "./dom.js";

export function toast(sentence, kind = "done") {
  const made = el("div", { class: `m-toast m-toast-${kind}`, role: "status" }, sentence);
  document.getElementById("toasts").append(made);
  setTimeout(() => made.remove(), kind === "failed" ? 15000 : 6000);
}

const token = () => (document.cookie.match(/(?:^|; )_xsrf=([^;]+)/) || [])[1] || "";

export async function post(path, body = {}) {
  const answer = await fetch(address(path), {
    method: "POST",
    headers: { "Content-Type": "application/json", "X-XSRFToken": decodeURIComponent(token()) },
    body: JSON.stringify(body),
  });
  const said = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Error(said.error || `the dashboard answered ${answer.status}`);
  return said;
}

// A dialog that asks; resolves to true only for the button that says what will be done. ``form`` is put inside.
export function confirmed({ title, sentences = [], button, danger = false, form = null }) {
  return new Promise((resolve) => {
    const dialog = el(
      "dialog",
      { class: "m-dialog", "aria-labelledby": "m-dialog-title" },
      el("h2", { id: "m-dialog-title" }, title),
      sentences.map((sentence) => el("p", {}, sentence)),
      form,
      el(
        "div",
        { class: "m-dialog-buttons" },
        el("button", { type: "button", class: "btn btn-outline-secondary", onclick: () => dialog.close("") }, "Leave it"),
        el(
          "button",
          { type: "button", class: `btn ${danger ? "btn-danger" : "btn-primary"}`, data: { confirm: "yes" },
            onclick: () => dialog.close("yes") },
          button,
        ),
      ),
    );
    dialog.addEventListener("close", () => {
      resolve(dialog.returnValue === "yes");
      dialog.remove();
    });
    document.body.append(dialog);
    dialog.showModal();
  });
}

export async function copy(said, button) {
  try {
    await navigator.clipboard.writeText(said);
  } catch {
    const area = el("textarea", { class: "visually-hidden" });
    area.value = said;
    document.body.append(area);
    area.select();
    document.execCommand("copy");
    area.remove();
  }
  const before = button.textContent;
  button.textContent = "Copied";
  setTimeout(() => (button.textContent = before), 1500);
}
