// What needs a person, and what is worth knowing: from how the node stands and what amoCRM answered last.

import { html } from "./html.js";
import { lang, local, moment, recent, say } from "./language.js";
import { link } from "./address.js";
import { reasonText } from "./meaning.js";

/** States of an access with which no call is resolved. */
const ENDED = ["expired", "not-connected", "off", "unreadable", "refused"];

/** Each as `{ level, text, action, href }`, the gravest first; `level` is `bad` where a person has to do something, else `warn`. */
export function alertsOf({ state, newest }) {
  if (!state) return [];
  const found = [];
  const add = (level, text, action, href) => found.push({ level, text, action, href });
  for (const one of state.integrations) ofIntegration(one, newest.get(one.id), add);
  const { call_details: details, state_directory: directory, slots, configuration, tokens, versions } = state;
  for (const { warning } of tokens ?? []) if (warning) add("warn", local(warning));
  if (configuration?.refused) add("bad", say("configurationRefused"), local(configuration.refused), link("changes"));
  if (configuration?.at_restart?.length) add("warn", say("atRestart", configuration.at_restart.join(", ")));
  for (const warning of configuration?.warnings ?? []) add("warn", local(warning), null, link("changes"));
  if (configuration?.shared?.away) add("warn", local(configuration.shared.away));
  if (versions?.away && !configuration?.shared?.away) add("warn", local(versions.away), null, link("versions"));
  for (const { operation, component, why } of versions?.refused ?? []) {
    add("bad", `${operation ?? ""} ${component.slice(0, 12)}: ${local(why)}`.trim(), null, link("versions"));
  }
  if (details?.failing) add("bad", say("detailsFailing"), local(details.failing));
  else if (details?.lost) add("warn", say("detailsLost", details.lost));
  if (directory?.failing) add("bad", say("directoryFailing", directory.path), local(directory.failing));
  if (slots?.failing) add("bad", local(slots.failing));
  return found.sort((one, other) => (other.level === "bad") - (one.level === "bad"));
}

function ofIntegration({ id, enabled, on, access, circuit, budget }, newest, add) {
  const name = say("integrationNamed", id);
  const to = link("integration");
  if (!enabled) return add("warn", `${name}: ${say("switchedOff")}`, null, to);
  if (access && ENDED.includes(access.state)) add("bad", `${name}: ${say(`access:${access.state}`)}`, actionOf(access), to);
  else if (!on) add("bad", `${name}: ${say("access:off")}`, actionOf(access), to);
  else if (newest?.reason) {
    add("bad", `${name}: ${reasonText(newest.reason)}`, say("refusesAll", recent(newest.at)), link("calls", newest.seq));
  }
  if (circuit.state !== "closed") {
    const level = circuit.cause === "blocked" ? "bad" : "warn";
    add(level, `${name}: ${say(`circuit:${circuit.cause}`)}`, circuit.until ? say("stoppedUntil", recent(circuit.until)) : say("probing"), to);
  }
  if (budget.shared === false) add("warn", `${name}: ${say("budgetAlone")}`, null, to);
  for (const warning of warningsOf(access)) add("warn", `${name}: ${warning}`, null, to);
  return undefined;
}

/** What is to be done about an access, in this language where the server says it in this language. */
export function actionOf(access) {
  if (!access) return null;
  if (lang() === "ru") return access.action_ru ?? (access.action || access.state !== "connected" ? say(`accessDo:${access.state}`) : null);
  return access.action ?? null;
}

/** What is worth knowing of an access. */
export function warningsOf(access) {
  if (!access) return [];
  if (lang() !== "ru") return access.warnings ?? [];
  if (access.warnings_ru) return access.warnings_ru;
  return access.warnings?.length && access.expires_at ? [say("accessExpires", moment(access.expires_at))] : access.warnings ?? [];
}

/** The alerts, in a bar across the page. */
export function Alerts({ alerts }) {
  if (!alerts.length) return null;
  return html`<div id="alerts" role="status" aria-label=${say("attention")}><ul>
    ${alerts.map(({ level, text, action, href }) => html`<li class=${level} key=${text}>
      <strong>${href ? html`<a href=${href}>${text}</a>` : text}</strong>${action && html` — <span>${action}</span>`}
    </li>`)}
  </ul></div>`;
}

/** One sign for all: whether the server is there, and whether anything needs a person. */
export function Standing({ connection, alerts }) {
  const { live, lost, at } = connection;
  const away = live !== "on" || lost;
  const level = away ? "away" : alerts[0]?.level ?? "good";
  const text = away && at ? `${say(live === "off" ? "off" : "again")}. ${say("asOf", recent(at))}` : away ? say(live) : say(`level:${level}`);
  return html`<p id="live" role="status" data-state=${lost ? "again" : live} data-level=${level}>${text}</p>`;
}
