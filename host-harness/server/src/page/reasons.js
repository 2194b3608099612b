// How calls ended over time: a bar for each stretch, its colours by meaning, and the reasons with their numbers.

import { link } from "./address.js";
import { get } from "./api.js";
import { useConsole } from "./console.js";
import { html, useEffect, useState } from "./html.js";
import { counted, day, say, timeOfDay } from "./language.js";
import { MEANINGS, SIGNS, outcomeOf, reasonsOf } from "./meaning.js";

/** The spans of time that can be looked at, in seconds. */
const SPANS = [900, 3_600, 86_400, 604_800];
const BARS = 60;
const EVERY = 5_000;

/** The stretches of a span with how many calls had which meaning. */
function bars({ from, step_seconds: step, buckets }, span, reasons) {
  const all = Array.from({ length: Math.max(Math.ceil(span / step), 1) }, () => ({}));
  for (const { at, counts } of buckets) {
    const bar = all[Math.min(Math.floor((new Date(at) - new Date(from)) / 1_000 / step), all.length - 1)];
    for (const [code, count] of Object.entries(counts)) {
      const { meaning } = outcomeOf(code, reasons);
      bar[meaning] = (bar[meaning] ?? 0) + count;
    }
  }
  return all;
}

const sum = (bar) => Object.values(bar).reduce((all, count) => all + count, 0);

function Bars({ counted: answer, span, reasons }) {
  const all = bars(answer, span, reasons);
  const most = Math.max(...all.map(sum), 1);
  const write = span > 86_400 ? day : timeOfDay;
  return html`<div class="chart">
    <span class="most">${most}</span>
    <svg viewBox="0 0 ${all.length} 100" preserveAspectRatio="none" role="img" aria-label=${say("reasonsChart", most)}>
      ${all.map((bar, at) => {
        let top = 100;
        return MEANINGS.filter((meaning) => bar[meaning]).map((meaning) => {
          const tall = (bar[meaning] / most) * 100;
          top -= tall;
          return html`<rect key=${`${at}${meaning}`} data-meaning=${meaning} x=${at + 0.08} y=${top} width="0.84" height=${tall} />`;
        });
      })}
    </svg>
    <span class="from">${write(answer.from)}</span><span class="to">${say("now")}</span>
  </div>`;
}

/** The numbers of each reason, which are links to its calls. */
function Legend({ counted: answer, reasons, query }) {
  const totals = new Map();
  for (const { counts } of answer.buckets) for (const [code, count] of Object.entries(counts)) totals.set(code, (totals.get(code) ?? 0) + count);
  const listed = [...totals].map(([code, count]) => ({ code, count, ...outcomeOf(code, reasons) }));
  const order = (one) => MEANINGS.indexOf(one.meaning);
  listed.sort((one, other) => order(one) - order(other) || other.count - one.count);
  return html`<ul class="legend">${listed.map(({ code, count, text, meaning }) => html`<li key=${code} data-meaning=${meaning}>
    <a href=${link("calls", null, { reason: code })} aria-current=${query.get("reason") === code ? "true" : null}><span class="sign" aria-hidden="true">${SIGNS[meaning]}</span>${text}: ${count}</a>
  </li>`)}</ul>`;
}

export function Reasons({ address }) {
  const { operations, connection } = useConsole();
  const [span, setSpan] = useState(3_600);
  const [answer, setAnswer] = useState(null);
  useEffect(() => {
    let over = false;
    const look = async () => {
      if (document.hidden) return;
      const since = new Date(Date.now() - span * 1_000).toISOString();
      const counts = await get(`/v1/reasons?since=${since}&step=${Math.max(Math.round(span / BARS), 1)}s`).catch(() => null);
      if (counts && !over) setAnswer({ span, counts });
    };
    look();
    const timer = setInterval(look, EVERY);
    return () => { over = true; clearInterval(timer); };
  }, [span, connection.live]);
  // What a reason means is not known before the operations are.
  const reasons = operations.length ? reasonsOf(operations) : null;
  const total = answer?.counts.buckets.reduce((all, { counts }) => all + sum(counts), 0) ?? 0;
  // Open where there is room for it; on a telephone the list comes first.
  const [shown, setShown] = useState(() => matchMedia("(min-width: 48rem)").matches);
  return html`<details id="reasons" open=${shown} onToggle=${(event) => setShown(event.currentTarget.open)}>
    <summary><h2>${say("reasons")}</h2> <span class="quiet">${counted(total, say("callForms"))}</span></summary>
    <div id="spans" role="group" aria-label=${say("span")}>
      ${SPANS.map((one) => html`<button key=${one} type="button" aria-pressed=${one === span ? "true" : "false"} onClick=${() => setSpan(one)}>${say(`span:${one}`)}</button>`)}
    </div>
    ${answer && reasons && (total ? html`<${Bars} counted=${answer.counts} span=${answer.span} reasons=${reasons} /><${Legend} counted=${answer.counts} reasons=${reasons} query=${address.query} />` : html`<p class="quiet">${say("nothing")}</p>`)}
  </details>`;
}
