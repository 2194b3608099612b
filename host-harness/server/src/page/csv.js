// The chosen calls as a table for a spreadsheet, in the reader's language: what the list shows, without the limit of a page.

import { get } from "./api.js";
import { useConsole } from "./console.js";
import { html, useState } from "./html.js";
import { lang, moment, say } from "./language.js";
import { answeredBy, missedBy, ofCall, reasonText, waited, where } from "./meaning.js";

const AT_ONCE = 1_000;
const MOST = 50_000;

/** A cell. What a spreadsheet would take for a formula is kept from being one; full-width signs are read like the others. */
function cell(value) {
  const text = `${value ?? ""}`;
  const safe = /^[=\-@\t\r\n＝＋－＠]/.test(text) || /^\+.*[^\d•\s]/.test(text) ? `'${text}` : text;
  return `"${safe.replaceAll('"', '""')}"`;
}

const columns = (call, operations) => [
  call.seq, moment(call.call.at), call.call.caller ?? say("withheld"), call.call.called, call.operation, say(`meaning:${ofCall(call)}`), where(call, operations),
  call.reason ? reasonText(call.reason) : "", waited(call), say(`ended:${call.ended}`),
  answeredBy(call), missedBy(call),
];

async function table(query, operations) {
  const calls = [];
  for (let before = ""; calls.length < MOST; ) {
    const page = await get(`/v1/calls?limit=${AT_ONCE}&${query}${before}`);
    calls.push(...page.calls.filter(({ unreadable }) => !unreadable));
    if (page.next === null) break;
    before = `&before=${page.next}`;
  }
  const titles = ["number", "time", "caller", "called", "operation", "result", "where", "reason", "waitedMs", "ended", "answered", "missed"].map((key) => say(`csv:${key}`));
  // Spreadsheets of Russian systems part columns by semicolons.
  const parted = lang() === "ru" ? ";" : ",";
  const lines = [titles, ...calls.map((call) => columns(call, operations))].map((line) => line.map(cell).join(parted));
  return new Blob([`\ufeff${lines.join("\r\n")}\r\n`], { type: "text/csv" });
}

/** Saves the table as a file. */
export function CsvButton({ query }) {
  const { operations } = useConsole();
  const [busy, setBusy] = useState(false);
  const [why, setWhy] = useState("");
  const save = async () => {
    setBusy(true);
    setWhy("");
    try {
      const made = document.createElement("a");
      made.href = URL.createObjectURL(await table(query, operations));
      made.download = `${say("csvFile")}.csv`;
      made.click();
      URL.revokeObjectURL(made.href);
    } catch {
      setWhy(say("unreachable"));
    }
    setBusy(false);
  };
  return html`<button id="csv" type="button" onClick=${save} disabled=${busy}>${say("saveCsv")}</button>${why && html` <span class="wrong" role="alert">${why}</span>`}`;
}
