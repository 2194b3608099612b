// What an operation found out of a call: by the titles that it gives its facts, with values in words and links into amoCRM.

import { useConsole } from "./console.js";
import { html } from "./html.js";
import { duration, local, moment, say } from "./language.js";
import { targetName } from "./meaning.js";

/** The times of the details that the picture shows, and what is not a fact. */
const SHOWN = ["waiting_time_ms", "waited_ms"];

/** Where amoCRM shows what a fact names. */
const PLACES = {
  contact_id: (id) => `contacts/detail/${id}`,
  company_id: (id) => `companies/detail/${id}`,
  lead_id: (id) => `leads/detail/${id}`,
  manager_user_id: () => "settings/users/",
};

/** The account's address, where it is one that a browser can open. */
function accountOf(integration, { integrations, connection }) {
  const all = [...(integrations ?? []), ...(connection.state?.integrations ?? [])];
  const address = all.find(({ id, account }) => id === integration && account)?.account;
  return address && /^https?:\/\//.test(address) ? address.replace(/\/$/, "") : null;
}

/** A value in words. */
function inWords(titles, key, value) {
  const known = titles[key]?.values ?? {};
  if (known[value]) return local(known[value]);
  const [, code, rest] = /^(.*?):(.*)$/.exec(value) ?? [];
  if (known[code]) return `${local(known[code])}: ${rest}`;
  if (key.endsWith("_at")) return moment(value);
  if (key.endsWith("_seconds") && Number.isFinite(value)) return value ? duration(value * 1_000) : `0 ${say("s")}`;
  return `${value}`;
}

/** A title, without the unit where the value has its own. */
const titled = (title, key) => (key.endsWith("_seconds") ? title.replace(/, (с|s)$/u, "") : title);

function Value({ call, name, value }) {
  const console = useConsole();
  const account = accountOf(call.integration, console);
  const place = PLACES[name];
  const isIt = ({ id, amocrm_user: user, integration }) => (name === "deputy_for" ? id === value && integration === call.integration : name === "manager_user_id" && user === value);
  const person = console.employees.find(isIt)?.name;
  const text = person ? `${person} (${value})` : inWords(call.titles ?? {}, name, value);
  if (!account || !place) return text;
  return html`<a href=${`${account}/${place(value)}`} target="_blank" rel="noreferrer">${text}<span class="aside"> ${say("inAmocrm")}</span></a>`;
}

/** The facts, and what belongs to the call besides. */
export function Facts({ call }) {
  const { operations } = useConsole();
  const titles = call.titles ?? {};
  const found = Object.entries(call.details).filter(([key, value]) => ["string", "number"].includes(typeof value) && !SHOWN.includes(key));
  const rest = [
    [say("operation"), targetName(`operation:${call.operation}`, operations)], [say("integration"), call.integration],
    [say("component"), call.run.component?.slice(0, 12)], [say("id"), call.call.id],
    ...(call.reason ? [[say("code"), call.reason.code]] : []),
  ];
  const row = (title, value) => html`<div key=${title}><dt>${title}</dt><dd>${value}</dd></div>`;
  return html`<h3>${say("facts")}</h3><dl id="facts">
    ${call.titles && found.map(([key, value]) => row(titled(local(titles[key]) || key, key), html`<${Value} call=${call} name=${key} value=${value} />`))}
    ${rest.filter(([, value]) => value).map(([title, value]) => row(title, value))}
  </dl>`;
}
