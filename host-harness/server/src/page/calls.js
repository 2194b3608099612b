// The calls: found by what the address says, as they come, with one of them open.

import { go, link } from "./address.js";
import { Problem, get } from "./api.js";
import { Call } from "./call.js";
import { useConsole } from "./console.js";
import { CsvButton } from "./csv.js";
import { Filters, FILTERS, wanted } from "./filters.js";
import { html, useCallback, useEffect, useRef, useState } from "./html.js";
import { lang, counted, duration, recent, say } from "./language.js";
import { SIGNS, answeredBy, missedBy, ofCall, reasonText, waited, where, worded } from "./meaning.js";
import { Reasons } from "./reasons.js";

const PAGE = 50;
const MOST = 500;
/** Calls that come within so many milliseconds are shown together. */
const TOGETHER = 150;

/** The calls that fit, kept up to date. */
function useCalls(query) {
  const { connection } = useConsole();
  const [found, setFound] = useState({ calls: null, next: null, problem: null });
  const filtered = `${query}` !== "";
  const byEnd = query.has("ended");
  const load = useCallback(async (before = null) => {
    try {
      const page = await get(`/v1/calls?limit=${PAGE}&${query}${before ? `&before=${before}` : ""}`);
      setFound((held) => ({ calls: before ? [...held.calls, ...page.calls] : page.calls, next: page.next, problem: null }));
    } catch (error) {
      if (error instanceof Problem) setFound({ calls: [], next: null, problem: error.text(lang()) });
    }
  }, [`${query}`]);
  useEffect(() => {
    setFound({ calls: null, next: null, problem: null });
    load();
  }, [load]);
  useEffect(() => {
    let waiting = [];
    let timer = null;
    const show = () => {
      const came = waiting;
      [waiting, timer] = [[], null];
      if (came.includes("opened")) return load();
      return setFound((held) => held.calls && { ...held, calls: merged(held.calls, came, filtered) });
    };
    const stop = connection.subscribe((name, call) => {
      // With a filter the server says which new calls fit, and which of those that have ended.
      waiting.push(name === "opened" || (name === "call" && filtered) || byEnd ? "opened" : call);
      timer ??= setTimeout(show, TOGETHER);
    });
    return () => { stop(); clearTimeout(timer); };
  }, [load]);
  return { ...found, older: () => load(found.next) };
}

/** New calls first; calls that were completed in their places. */
function merged(calls, came, filtered) {
  const all = new Map(calls.map((call) => [call.seq, call]));
  for (const call of came) if (!filtered || all.has(call.seq)) all.set(call.seq, call);
  return [...all.values()].sort((one, other) => other.seq - one.seq).slice(0, Math.max(MOST, calls.length));
}

function Row({ call, query, open }) {
  const { operations } = useConsole();
  const meaning = ofCall(call);
  const [answered, missed] = [answeredBy(call), missedBy(call)];
  const source = call.details?.manager_source;
  // Of a call that rings, as far as is reported, there is no end to tell.
  const ended = answered ? say("answeredBy", answered) : call.outcome && call.ended !== "not-reported" && say(`ended:${call.ended}`);
  const told = [ended, missed && say("missedBy", missed), source && worded("source", source)].filter(Boolean);
  const space = (event) => { if (event.key === " ") { event.preventDefault(); event.currentTarget.click(); } };
  return html`<li><a class="row" id=${`row-${call.seq}`} data-seq=${call.seq} data-meaning=${meaning} href=${link("calls", call.seq, query)} aria-current=${open ? "true" : null} onKeyDown=${space}>
    <span class="when">${call.unreadable ? "" : recent(call.call.at)}</span>
    <span class="caller">${call.unreadable ? "" : call.call.caller ?? say("withheld")}</span>
    <span class="where"><span class="sign" aria-hidden="true">${SIGNS[meaning]}</span> ${where(call, operations)}
      ${call.reason && html`<small>${reasonText(call.reason)}</small>`}
      ${told.length > 0 && html`<small class="quiet">${told.join(" · ")}</small>`}
    </span>
    <span class="waited">${call.unreadable ? "" : duration(waited(call))}</span>
  </a></li>`;
}

export function Calls({ address }) {
  const query = wanted(address.query);
  const { calls, next, problem, older } = useCalls(query.api);
  const names = useNames(calls);
  const last = useRef(null);
  // Focus goes back to the row whose call was open.
  useEffect(() => {
    if (!address.id && last.current) document.getElementById(`row-${last.current}`)?.focus();
    last.current = address.id;
  }, [address.id]);
  const close = () => go(link("calls", null, address.query));
  return html`<h1>${say("view:calls")}</h1>
    <div class=${address.id ? "desk opened" : "desk"}><div class="all">
      <${Reasons} address=${address} />
      <section id="list" aria-label=${say("list")}>
        <${Filters} query=${address.query} names=${names} />
        <div class="listed"><p role="status">${calls && say("shown", counted(calls.length, say("callForms")), next !== null)}</p><${CsvButton} query=${query.api} /></div>
        ${problem && html`<p class="wrong" role="alert">${problem}</p>`}
        <div class="titles" aria-hidden="true"><span>${say("time")}</span><span>${say("caller")}</span><span>${say("whereWhy")}</span><span>${say("waited")}</span></div>
        <ol id="calls">${calls?.map((call) => html`<${Row} key=${call.seq} call=${call} query=${address.query} open=${`${call.seq}` === address.id} />`)}</ol>
        ${calls?.length === 0 && !problem && html`<p id="none">${say(FILTERS.some((key) => address.query.get(key)) ? "noneFit" : "none")}</p>`}
        ${next !== null && html`<button id="older" type="button" onClick=${older}>${say("older")}</button>`}
      </section></div>
      ${address.id && html`<${Call} key=${address.id} seq=${address.id} listed=${calls?.find(({ seq }) => `${seq}` === address.id)} onClose=${close} />`}
    </div>`;
}

/** The employees by their identifiers: those of the configuration, and those that calls name. */
function useNames(calls) {
  const { employees } = useConsole();
  const seen = useRef(new Map());
  for (const { route } of calls ?? []) if (route?.employee) seen.current.set(route.employee.id, route.employee.name);
  for (const { id, name } of employees) seen.current.set(id, name || id);
  return [...seen.current].sort(([, one], [, other]) => one.localeCompare(other));
}
