// Which calls are shown: chosen from lists in the reader's language, and kept in the address.

import { go, link } from "./address.js";
import { useConsole } from "./console.js";
import { html, useRef, useState } from "./html.js";
import { local, say } from "./language.js";
import { ENDS, MEANINGS, SIGNS, reasonsOf } from "./meaning.js";

/** What calls may be chosen by, as the address has it. */
export const FILTERS = ["reason", "ended", "employee", "operation", "integration", "digits", "since", "until"];

const DAY = /^\d{4}-\d{2}-\d{2}$/;

/** A day as a point in time: its midnight here, or that of the day after. */
function midnight(day, later) {
  const [year, month, date] = day.split("-").map(Number);
  return new Date(year, month - 1, date + (later ? 1 : 0)).toISOString();
}

/** The filters of an address as the server takes them. */
export function wanted(query) {
  const api = new URLSearchParams();
  for (const key of FILTERS) {
    const value = query.get(key);
    if (!value) continue;
    api.set(key, DAY.test(value) && (key === "since" || key === "until") ? midnight(value, key === "until") : value);
  }
  return { api };
}

function Choice({ name, title, value, children }) {
  return html`<label><span>${title}</span><select name=${name} value=${value ?? ""}><option value="">${say("any")}</option>${children}</select></label>`;
}

/** What is chosen although it is in no list. */
const Other = ({ value, known }) => value && !known.includes(value) && html`<option value=${value}>${value}</option>`;

export function Filters({ query, names }) {
  const { operations, integrations, connection } = useConsole();
  const form = useRef(null);
  const all = reasonsOf(operations);
  const accounts = [...new Set([...(integrations ?? []), ...(connection.state?.integrations ?? [])].map(({ id }) => id))];
  const apply = (event) => {
    event.preventDefault();
    if (!form.current.reportValidity()) return;
    const chosen = Object.fromEntries(new FormData(form.current));
    go(link("calls", null, chosen));
  };
  const value = (key) => query.get(key) ?? "";
  const date = (key, title) => html`<label><span>${title}</span><input type="date" name=${key} value=${value(key).slice(0, 10)} /></label>`;
  // On a telephone the list comes first; the filters open above it.
  const [shown, setShown] = useState(() => matchMedia("(min-width: 48rem)").matches);
  const active = FILTERS.filter((key) => query.get(key)).length;
  return html`<details id="chosen" open=${shown} onToggle=${(event) => setShown(event.currentTarget.open)}><summary>${say("filters")}${active ? ` (${active})` : ""}</summary><form id="filters" ref=${form} onSubmit=${apply} onChange=${(event) => event.target.localName === "select" && apply(event)} aria-label=${say("filters")}>
    <${Choice} name="reason" title=${say("result")} value=${value("reason")}>
      <option value="forwarded">${say("meaning:forwarded")}</option>
      ${MEANINGS.filter((meaning) => meaning !== "forwarded").map((meaning) => html`<optgroup key=${meaning} label=${`${SIGNS[meaning]} ${say(`meaning:${meaning}`)}`}>
        ${all.filter((reason) => reason.meaning === meaning).map(({ code, text }) => html`<option key=${code} value=${code}>${text}</option>`)}
      </optgroup>`)}
      <${Other} value=${value("reason")} known=${["forwarded", ...all.map(({ code }) => code)]} />
    <//>
    <${Choice} name="ended" title=${say("ended")} value=${value("ended")}>
      ${ENDS.map((end) => html`<option key=${end} value=${end}>${say(`ended:${end}`)}</option>`)}
      <${Other} value=${value("ended")} known=${ENDS} />
    <//>
    <${Choice} name="employee" title=${say("employee")} value=${value("employee")}>
      ${names.map(([id, name]) => html`<option key=${id} value=${id}>${name}</option>`)}
      <${Other} value=${value("employee")} known=${names.map(([id]) => id)} />
    <//>
    ${operations.length > 1 && html`<${Choice} name="operation" title=${say("operation")} value=${value("operation")}>
      ${operations.map(({ id, description }, at) => html`<option key=${id} value=${id}>${say("stepNamed", at + 1, `${local(description?.title)} (${id})`)}</option>`)}
    <//>`}
    ${accounts.length > 1 && html`<${Choice} name="integration" title=${say("integration")} value=${value("integration")}>
      ${accounts.map((id) => html`<option key=${id} value=${id}>${id}</option>`)}
    <//>`}
    ${date("since", say("since"))}${date("until", say("until"))}
    <label><span>${say("digits")}</span><input name="digits" value=${value("digits")} inputmode="numeric" pattern="[0-9]{1,4}" title=${say("digitsHelp")} maxlength="4" size="4" /></label>
    <button>${say("filter")}</button>
    ${active > 0 && html`<a class="button" href=${link("calls")}>${say("clear")}</a>`}
  </form></details>`;
}
