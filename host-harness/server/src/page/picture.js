// Pictures: each step of a call against its waiting time, and how calls ended over time. Everything is made as elements; no text becomes markup.

import { lang, moment, say } from "./texts.js";

const SVG = "http://www.w3.org/2000/svg";
const WIDTH = 900;
const LEFT = 210;
const ROW = 26;

/** An SVG element. */
function shape(name, attributes, text) {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  if (text !== undefined) element.textContent = text;
  return element;
}

/** An HTML element. */
export function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

/** A call: each step that it left, with why, and the last one. */
export function steps(call) {
  const left = (step, at) => {
    const endings = (step.legs ?? []).map((leg) => `${leg.number}: ${leg.result ? say(leg.result) : "—"}`).join(", ");
    const why = step.reason ? step.reason[`text_${lang()}`] : [step.employee?.name, endings, say("unanswered")].filter(Boolean).join("; ");
    return [element("h3", { class: "step" }, `${say("step")} ${at + 1}: ${step.placement} → ${step.target}`), element("p", {}, why), timeline(step)];
  };
  const before = call.steps ?? [];
  const last = before.length ? [element("h3", { class: "step" }, `${say("step")} ${before.length + 1}: ${call.placement}`)] : [];
  return [...before.flatMap(left), ...last, timeline(call)];
}

/** One step: its cache, each request, the answer, all against the waiting time. */
function timeline(call) {
  const { requests = [], exchanges = [], waiting_time_ms: whole = 1, waited_ms: waited = 0, manager_source: source } = call.details;
  const rows = Math.max(requests.length, 1);
  const height = ROW * (rows + 2) + 24;
  const x = (time) => LEFT + (Math.min(time, whole) / Math.max(whole, 1)) * (WIDTH - LEFT - 90);
  const svg = shape("svg", { viewBox: `0 0 ${WIDTH} ${height}`, role: "img", "aria-label": say("calling"), "data-requests": requests.length });
  for (let part = 0; part <= 4; part += 1) {
    const at = (whole * part) / 4;
    svg.append(shape("line", { class: "axis", x1: x(at), x2: x(at), y1: 18, y2: height - 18 }));
    svg.append(shape("text", { class: "quiet", x: x(at), y: 12, "text-anchor": "middle" }, `${Math.round(at)}`));
  }
  const line = (row, name) => svg.append(shape("text", { x: 0, y: 24 + ROW * row + 15 }, name));
  if (requests.length === 0) {
    line(0, source === "cache" ? say("cache") : say("noRequests"));
    if (source === "cache") svg.append(shape("rect", { class: "cache", x: x(0), y: 24 + 4, width: 6, height: 14, rx: 2 }));
  }
  requests.forEach((request, row) => {
    const seen = exchanges.length === requests.length ? exchanges[row] : {};
    const turn = Math.min(seen.turn_ms ?? 0, request.ms);
    const y = 24 + ROW * row + 4;
    line(row, `${request.purpose} ${request.status ?? "—"} ${request.outcome}`);
    const width = (from, time) => Math.max(x(from + time) - x(from), time > 0 ? 2 : 0);
    if (turn > 0) svg.append(shape("rect", { class: "turn", x: x(request.at_ms), y, width: width(request.at_ms, turn), height: 14, rx: 2 }));
    const from = request.at_ms + turn;
    svg.append(shape("rect", { class: request.outcome === "ok" ? "request" : "problem", x: x(from), y, width: Math.max(width(from, request.ms - turn), 2), height: 14, rx: 2 }));
    const remark = seen.shared ? say("shared") : seen.refused ? say(seen.refused) : seen.repeated ? say("repeated") : turn > 5 ? `${say("turn")} ${turn} ${say("ms")}` : "";
    svg.append(shape("text", { class: "quiet", x: Math.min(x(request.at_ms + request.ms) + 6, WIDTH - 250), y: y + 12 }, `${request.ms} ${say("ms")} ${remark}`));
  });
  const bottom = 24 + ROW * rows;
  svg.append(shape("line", { class: "limit", x1: x(whole), x2: x(whole), y1: 18, y2: height - 18 }));
  svg.append(shape("text", { class: "quiet", x: x(whole), y: height - 4, "text-anchor": "middle" }, say("waitingTime")));
  svg.append(shape("line", { class: "answer", x1: x(waited), x2: x(waited), y1: 18, y2: bottom + 10 }));
  svg.append(shape("text", { x: Math.min(x(waited) + 6, WIDTH - 160), y: bottom + 16 }, `${say("answer")}: ${waited} ${say("ms")}`));
  return svg;
}

/** What the PBX saw: each leg with how long it rang and how that ended. */
export function legs({ legs: all, answered_by: answered, result }) {
  const longest = Math.max(...all.map((leg) => leg.ring_ms ?? 0), 1);
  const height = ROW * all.length + 8;
  const svg = shape("svg", { viewBox: `0 0 ${WIDTH} ${height}`, role: "img", "aria-label": say("saw"), "data-legs": all.length });
  all.forEach((leg, row) => {
    const y = ROW * row + 4;
    const long = ((leg.ring_ms ?? 0) / longest) * (WIDTH - LEFT - 330);
    const name = leg.number ?? `${say("linkedOperation")} ${leg.linked_operation}`;
    svg.append(shape("text", { x: 0, y: y + 12 }, name));
    if (long > 0) svg.append(shape("rect", { class: leg.result === "answered" ? "answered" : "turn", x: LEFT, y, width: Math.max(long, 2), height: 14, rx: 2 }));
    const rang = leg.ring_ms ? `${(leg.ring_ms / 1000).toFixed(1)} ${say("s")} ` : "";
    const codes = [leg.sip_status && `SIP ${leg.sip_status}`, leg.q850_cause && `Q.850 ${leg.q850_cause}`].filter(Boolean).join(", ");
    svg.append(shape("text", { class: "quiet", x: LEFT + long + 6, y: y + 12 }, `${rang}${say(leg.result)}${codes && ` (${codes})`}`));
  });
  const by = answered && (answered.number ?? answered.linked_operation);
  const end = by ? `${say("answeredBy")}: ${by}` : `${say("nobody")}: ${say(result)}`;
  return [element("h3", {}, say("saw")), svg, element("p", {}, end)];
}

const COLOURS = ["#2f9e62", "#3b82c4", "#c98a1b", "#c4483f", "#8a63c9", "#3aa6a0", "#b0508f", "#7a8794"];

/** How calls ended: a stacked bar for each step of time. */
export function reasons({ from, step_seconds: step, buckets }, span) {
  const totals = new Map();
  for (const { counts } of buckets) for (const [code, count] of Object.entries(counts)) totals.set(code, (totals.get(code) ?? 0) + count);
  if (totals.size === 0) return [element("p", {}, say("nothing"))];
  const codes = [...totals.keys()].sort((a, b) => (b === "forwarded") - (a === "forwarded") || totals.get(b) - totals.get(a));
  const colour = (code) => COLOURS[Math.min(codes.indexOf(code), COLOURS.length - 1)];
  const most = Math.max(...buckets.map(({ counts }) => Object.values(counts).reduce((sum, count) => sum + count, 0)));
  const [wide, high] = [560, 150];
  const svg = shape("svg", { viewBox: `0 0 ${wide} ${high + 18}`, role: "img", "aria-label": say("reasons") });
  const slots = Math.max(Math.ceil(span / step), 1);
  for (const { at, counts } of buckets) {
    const slot = (new Date(at) - new Date(from)) / 1000 / step;
    let below = high;
    for (const code of codes.filter((code) => counts[code])) {
      const tall = (counts[code] / most) * (high - 12);
      below -= tall;
      const bar = shape("rect", { x: (slot / slots) * wide, y: below, width: Math.max(wide / slots - 1, 1.5), height: tall, fill: colour(code) });
      bar.append(shape("title", {}, `${moment(at)}: ${code} ${counts[code]}`));
      svg.append(bar);
    }
  }
  svg.append(shape("line", { class: "axis", x1: 0, x2: wide, y1: high, y2: high }));
  const time = { timeStyle: "short" };
  svg.append(shape("text", { class: "quiet", x: 0, y: high + 14 }, moment(from, span > 86400 ? { dateStyle: "short" } : time)));
  svg.append(shape("text", { class: "quiet", x: 0, y: 10 }, `${most}`));
  const legend = element("ul", { class: "legend" });
  for (const code of codes) {
    const mark = shape("svg", { viewBox: "0 0 10 10", "aria-hidden": "true" });
    mark.append(shape("rect", { width: 10, height: 10, fill: colour(code) }));
    legend.append(element("li", {}, mark, `${code === "forwarded" ? say("forwarded") : code}: ${totals.get(code)}`));
  }
  return [svg, legend];
}
