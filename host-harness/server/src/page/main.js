// The page: who may see it, the list of calls, and when to look again.

import { Refused, follow, get } from "./api.js";
import { element, legs, reasons, steps } from "./picture.js";
import { change, label, lang, moment, say } from "./texts.js";

const ROWS = 300;
const PAGE = 50;
const by = (id) => document.getElementById(id);
let calls = [];
let open = null;
let span = 3600;
let filters = "";
let following = false;
/** The times of the details that the picture shows. */
const TIMES = ["waiting_time_ms", "waited_ms"];
/** What facts are called, by the component that found them out. */
const titles = new Map();

const reason = (call) => (call.reason ? call.reason[`text_${lang()}`] : "");
const number = (call) => call.call?.caller ?? say("withheld");

/** How long a call waited in all its steps. */
const waited = (call) => [...(call.steps ?? []), call].reduce((sum, step) => sum + step.details.waited_ms, 0);

function where(call) {
  if (call.unreadable) return say("unreadable");
  if (call.route.kind === "forward") return `${call.route.employee.name} (${call.route.numbers.map((one) => one.number).join(", ")})`;
  return `${call.route.target}: ${reason(call)}`;
}

function row(call) {
  const failed = call.reason?.class === "technical-failure" || call.reason?.class === "no-answer";
  const kind = call.route?.kind === "forward" ? "forward" : failed ? "linked failed" : "linked";
  const source = call.details?.manager_source;
  const cell = (text, name = "") => element("td", { class: name }, text);
  const made = element("tr", { class: kind, tabindex: "0", "data-seq": call.seq },
    cell(call.unreadable ? "" : moment(call.call.at)), cell(number(call)), cell(where(call), "where"),
    cell(call.unreadable ? "" : `${waited(call)} ${say("ms")}`, "number"), cell(source ? say(source) : ""));
  const show = () => showCall(call);
  made.addEventListener("click", show);
  made.addEventListener("keydown", (event) => event.key === "Enter" && show());
  return made;
}

function showCalls() {
  by("calls").replaceChildren(...calls.slice(0, ROWS).map(row));
  by("none").hidden = calls.length > 0;
}

/** What a fact is called: asked for once a component. */
function title(call, key) {
  return titles.get(call.run.component)?.[key]?.[lang()] ?? key;
}

async function learnTitles(call) {
  if (titles.has(call.run.component)) return;
  titles.set(call.run.component, (await get(`/v1/calls/${call.seq}?by=seq`)).titles ?? {});
  if (open?.seq === call.seq) showCall(open);
}

function showCall(call) {
  open = call;
  by("call").hidden = !call;
  if (!call || call.unreadable) return;
  by("call-title").textContent = `${say("calling")} ${call.seq}: ${number(call)} → ${call.call.called}`;
  by("timeline").replaceChildren(...steps(call));
  by("outcome").replaceChildren(...(call.outcome ? legs(call.outcome) : []));
  const facts = [
    [say("time"), moment(call.call.at)], [say("where"), where(call)],
    ...(call.reason ? [[say("reason"), call.reason.code], [say("status"), lang() === "ru" ? call.reason.status : call.reason.status_en]].filter(([, value]) => value) : []),
    ...Object.entries(call.details).filter(([, value]) => ["string", "number"].includes(typeof value)).filter(([key]) => !TIMES.includes(key)).map(([key, value]) => [title(call, key), value]),
    [say("operation"), call.operation], [say("integration"), call.integration],
    [say("component"), call.run.component.slice(0, 12)], [say("id"), call.call.id],
  ];
  by("facts").replaceChildren(...facts.flatMap(([key, value]) => [element("dt", {}, key), element("dd", {}, `${value}`)]));
  by("notes").replaceChildren(...(call.details.notes ?? []).map((note) => element("li", {}, note[`text_${lang()}`])));
  by("call-title").scrollIntoView({ block: "nearest" });
  attempt(() => learnTitles(call));
}

function card(kind, title, ...lines) {
  return element("div", { class: `card ${kind}` }, element("strong", {}, title), ...lines.filter(Boolean).map((line) => element("span", {}, line)));
}

function showState(state) {
  const integrations = state.integrations.map((one) => {
    const { circuit, budget, access } = one;
    const gate = circuit.state === "closed" ? say("circuitClosed") : circuit.state === "open" ? `${say("circuitOpen")} ${moment(circuit.until, { timeStyle: "medium" })}` : say("circuitHalf");
    const kind = !one.on ? "bad" : circuit.state === "closed" ? "" : "warn";
    const made = card(kind, `${say("integration")} ${one.id}: ${say(one.on ? "integrationOn" : "integrationOff")}`, one.account, gate,
      `${budget.requests_per_second} ${say("perSecond")}, ${say("waiting")}: ${budget.waiting}`, budget.shared === false && say("alone"), access?.action, ...(access?.warnings ?? []));
    made.dataset.circuit = circuit.state;
    return made;
  });
  const operations = state.operations.map((one) => card("", `${say("operation")} ${one.id} → ${one.linked_operation}`,
    `${say("component")} ${one.component.slice(0, 12)}`, one.shadow && `${say("shadow")} ${one.shadow.slice(0, 12)}`));
  const details = state.call_details;
  const keeping = details && card(details.failing ? "bad" : details.lost ? "warn" : "", say(details.failing ? "failing" : "keeping"),
    details.failing, `${say("kept")}: ${details.kept}, ${say("lost")}: ${details.lost}`);
  by("state-cards").replaceChildren(...integrations, ...operations, ...(keeping ? [keeping] : []), card("", `${say("inFlight")}: ${state.calls_in_flight}`));
}

async function look() {
  const since = new Date(Date.now() - span * 1000).toISOString();
  const step = Math.max(Math.round(span / 60), 1);
  const [state, counted] = await Promise.all([get("/v1/state"), get(`/v1/reasons?since=${since}&step=${step}s`)]);
  showState(state);
  by("reasons").replaceChildren(...reasons(counted, span));
}

async function list(before) {
  const page = await get(`/v1/calls?limit=${PAGE}${filters}${before ? `&before=${before}` : ""}`);
  calls = before ? [...calls, ...page.calls] : page.calls;
  by("older").hidden = page.next === null;
  showCalls();
}

function came(call) {
  // With a filter the server says what fits; without one the call is added where it belongs.
  if (filters) return void attempt(() => list());
  calls.unshift(call);
  calls.length = Math.min(calls.length, ROWS);
  by("calls").prepend(row(call));
  while (by("calls").rows.length > ROWS) by("calls").lastElementChild.remove();
  by("none").hidden = true;
}

/** What a PBX saw of a call that is there already. */
function completed(call) {
  const place = calls.findIndex((one) => one.seq === call.seq);
  if (place >= 0) calls[place] = call;
  const old = [...by("calls").rows].find((one) => one.dataset.seq === `${call.seq}`);
  if (old) old.replaceWith(row(call));
  if (open?.seq === call.seq) showCall(call);
}

function live(state) {
  by("live").dataset.state = state;
  by("live").textContent = say(state);
}

function ask(why) {
  sessionStorage.removeItem("token");
  by("desk").hidden = true;
  by("door").hidden = false;
  by("refused").textContent = why;
  by("token").focus();
}

/** Does something with the server; without a token that it takes, the door is shown. */
async function attempt(work) {
  try {
    await work();
  } catch (error) {
    if (error instanceof Refused) ask(say("refused"));
    else live("again");
  }
}

async function enter() {
  await attempt(async () => {
    await Promise.all([list(), look()]);
    by("door").hidden = true;
    by("desk").hidden = false;
    if (following) return;
    following = true;
    await follow(came, completed, live, () => calls.reduce((last, call) => Math.max(last, call.seq), 0));
  });
}

function words() {
  label();
  by("language").textContent = say("to");
  by("titles").replaceChildren(...["time", "caller", "where", "waited", "source"].map((key) => element("th", { scope: "col" }, say(key))));
  const spans = Object.entries(say("spans")).map(([seconds, text]) => {
    const button = element("button", { type: "button", "aria-pressed": `${Number(seconds) === span}` }, text);
    button.addEventListener("click", () => {
      span = Number(seconds);
      words();
      attempt(look);
    });
    return button;
  });
  by("spans").replaceChildren(...spans);
  live(by("live").dataset.state);
}

by("language").addEventListener("click", () => {
  change();
  words();
  showCalls();
  if (open) showCall(open);
  attempt(look);
});
by("door").addEventListener("submit", (event) => {
  event.preventDefault();
  sessionStorage.setItem("token", by("token").value);
  by("token").value = "";
  by("refused").textContent = "";
  enter();
});
by("filters").addEventListener("submit", (event) => {
  event.preventDefault();
  const entries = [...new FormData(event.target)].filter(([, value]) => value);
  filters = entries.length ? `&${new URLSearchParams(entries)}` : "";
  attempt(() => list());
});
by("older").addEventListener("click", () => attempt(() => list(calls.at(-1).seq)));
by("close").addEventListener("click", () => showCall(null));
setInterval(() => by("desk").hidden || document.hidden || attempt(look), 3_000);

words();
if (sessionStorage.getItem("token")) enter();
else ask("");
