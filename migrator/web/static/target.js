// What became of one target, under the grid.

import { address, el, show } from "./dom.js";
import { full, seconds } from "./say.js";

export async function showTarget(place, path, [database, schema, tenant, wave, stage]) {
  const asked = new URLSearchParams({ database, schema, stage });
  const answer = await fetch(address(`${path}?${asked}`));
  const found = await answer.json();
  show(place, true);
  const fact = (name, value) => value !== null && value !== undefined && value !== "" && [el("dt", {}, name), el("dd", {}, value)];
  const versions = found.from_version || found.to_version ? `${found.from_version || "nothing"} → ${found.to_version || "?"}` : null;
  place.replaceChildren(
    el("hr", {}),
    el("h2", {}, `${database}/${schema} `, el("span", { class: "m-state", data: { state: found.state } }, found.state)),
    el("dl", { class: "m-facts" },
      fact("tenant", tenant && el("a", { href: address(`/tenants/${encodeURIComponent(tenant)}`) }, tenant)), fact("stage and wave", `${stage}, ${wave}`), fact("version", versions),
      fact("applied", (found.applied || []).join(", ")),
      fact("took", found.seconds === null ? null : seconds(found.seconds)),
      fact("ended", found.finished_at && full(found.finished_at)),
      fact("held by", found.state === "running" ? found.lease_holder : null),
      fact("SQLSTATE", found.sqlstate), fact("reason", found.error_message), fact("note", found.note),
      fact("where", found.script && `${found.script}${found.line ? `:${found.line}` : ""}`)),
    found.statement ? el("pre", { class: "m-sql" }, found.statement) : "",
    answer.ok ? "" : el("p", {}, found.error),
  );
}
