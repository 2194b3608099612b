// What it means how a call ended. Its colour and sign follow from that alone, so that they are the same on every day and in every list.

import { lang, local, known, say } from "./language.js";

/** The meanings, in the order in which they are stacked and listed. */
export const MEANINGS = ["forwarded", "rule", "caller", "settings", "failure", "off"];

/** A sign for each, for people who see few colours. */
export const SIGNS = { forwarded: "→", rule: "↷", caller: "?", settings: "!", failure: "×", off: "○" };

/** How calls ended as the PBX reported it, and those that an employee missed, whoever took them. */
export const ENDS = ["answered", "linked-operation", "caller-gone", "unanswered", "missed", "not-reported"];

const OF_CLASS = {
  "empty-answer": "rule", absent: "rule", exit: "rule",
  caller: "caller",
  configuration: "settings",
  "no-answer": "failure", "technical-failure": "failure",
  "integration-off": "off",
};

/** The reasons that a host gives itself, and their classes. */
const OF_HOST = {
  "request-not-understood": "technical-failure", "operation-unknown": "technical-failure", "host-overloaded": "technical-failure",
  "host-stopping": "technical-failure", "operation-failed": "technical-failure", "settings-unreadable": "configuration",
  "scenario-too-slow": "no-answer", "step-left": "no-answer",
};

/** What a reason's class means. */
export const ofClass = (name) => OF_CLASS[name] ?? "failure";

/** What it means how this call ended. */
export const ofCall = (call) => (call.unreadable ? "failure" : call.reason ? ofClass(call.reason.class) : "forwarded");

/** What a call's reason says. */
export const reasonText = (reason) => reason[`text_${lang()}`] || reason.code;

/** Every reason that these operations may give, each as `{ code, class, meaning, text }`. */
export function reasonsOf(operations) {
  const described = operations.flatMap(({ description }) => description?.reasons ?? []);
  const all = new Map(Object.entries(OF_HOST).map(([code, name]) => [code, { code, class: name, text: say(`reason:${code}`) }]));
  for (const { code, class: name, text } of described) all.set(code, { code, class: name, text: local(text) });
  return [...all.values()].map((reason) => ({ ...reason, meaning: ofClass(reason.class) }));
}

/** How calls ended, by the code that they are counted under: the text and the meaning. */
export function outcomeOf(code, reasons) {
  if (code === "forwarded") return { text: say("meaning:forwarded"), meaning: "forwarded" };
  return reasons.find((reason) => reason.code === code) ?? { text: code, meaning: "failure" };
}

/** Where an exit leads: a step by its title, a place of the PBX by its name. */
export function targetName(target, operations) {
  const step = target?.startsWith("operation:") && operations.find(({ id }) => id === target.slice("operation:".length));
  return step ? say("stepNamed", operations.indexOf(step) + 1, local(step.description?.title) || step.id) : target;
}

/** The words of a value that programs know by a code. */
export const worded = (kind, code) => (known(`${kind}:${code}`) ? say(`${kind}:${code}`) : code);

/** How long a call waited in all its steps, in milliseconds. */
export const waited = (call) => [...(call.steps ?? []), call].reduce((sum, step) => sum + step.details.waited_ms, 0);

/** Who missed a call, by their names; empty where nobody did. */
export const missedBy = (call) => (call.missed_by ?? []).map(({ name }) => name).join(", ");

/** Who answered a call: the number or the linked operation. */
export const answeredBy = (call) => call.outcome?.answered_by?.number ?? call.outcome?.answered_by?.linked_operation;

/** Where a call went, in words. */
export function where(call, operations) {
  if (call.unreadable) return say("unreadable");
  const { route } = call;
  if (route.kind === "forward") return `${route.employee.name} (${route.numbers.map(({ number }) => number).join(", ")})`;
  return targetName(route.target, operations);
}

/** The exit of a call that was forwarded and that nobody answered. */
const NOT_ANSWERED = "not-answered";

/** The exit of a code or class, in words. */
export function exitName(key, reasons) {
  if (key === NOT_ANSWERED) return say("exit:not-answered");
  return reasons.find(({ code }) => code === key)?.text ?? say(`class:${key}`);
}

/** What an exit means: as its reason or class does; that of calls that nobody answered belongs to those that were forwarded. */
export const meaningOfExit = (key, reasons) => (key === NOT_ANSWERED ? "forwarded" : reasons.find(({ code }) => code === key)?.meaning ?? ofClass(key));
