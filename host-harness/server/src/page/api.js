// The server's answers. The browser keeps the session in a cookie that no script can read; the token is sent once, to enter.

/** Nobody is logged in, or no longer. */
export class Refused extends Error {}

/** No answer came: whether a change was made is not known. */
export class Unreachable extends Error {}

/** The server refused, with words of its own. */
export class Problem extends Error {
  constructor(status, document) {
    super(document.detail ?? `HTTP ${status}`);
    this.status = status;
    /** A problem document: `detail`, `detail_ru`, `field`, `findings`. */
    this.document = document;
  }

  /** This server has no such route, or no such thing. */
  get missing() {
    return this.status === 404 || this.status === 405;
  }

  /** What it says, in Russian where there is that. */
  text(language) {
    return (language === "ru" && this.document.detail_ru) || this.message;
  }

  /** What does not fit, each with what to do about it, where the text does not say so already. */
  findings(language) {
    const said = ({ what, fix, what_ru, fix_ru }) => (language === "ru" ? `${what_ru}: ${fix_ru}` : `${what}: ${fix}`);
    return (this.document.findings ?? []).map(said).filter((one) => !this.text(language).includes(one));
  }
}

/** Controls, characters of direction and others that are not seen, and letters of languages that are written from right to left. */
const HIDDEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\u034f\u115f\u1160\u17b4\u17b5\u3164\uffa0\u{e0000}-\u{e0fff}]/gu;
const RIGHT_TO_LEFT = /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\u{10800}-\u{10fff}\u{1e800}-\u{1efff}]/u;

/** A text from outside: hidden characters are written out, and what is written from right to left does not turn its neighbours around. */
export function visible(text) {
  const written = text.replace(HIDDEN, (hidden) => `\\u{${hidden.codePointAt(0).toString(16)}}`);
  return RIGHT_TO_LEFT.test(written) ? `\u2068${written}\u2069` : written;
}

/** Of a text of several lines, each line. */
const visibleLines = (text) => text.split("\n").map(visible).join("\n");

/** Texts of several lines by their nature. */
const LINES = ["text", "difference"];

/** What the server says. Every text of it passes here before it is shown. */
const parse = (json) =>
  JSON.parse(json, (key, value) => (typeof value !== "string" ? value : LINES.includes(key) && value.includes("\n") ? visibleLines(value) : visible(value)));

/**
 * Asks the server.
 * @param {{ json?: object, bytes?: Blob, kind?: string, revision?: string, raw?: boolean }} [more] a body, the revision that a change is of, and
 *   whether texts are wanted as they are, to be edited
 */
export async function ask(method, path, { json, bytes, kind = "application/json", revision, raw } = {}) {
  const headers = { "X-Requested-With": "host-harness" };
  if (json || bytes) headers["Content-Type"] = kind;
  if (revision) headers["If-Match"] = `"${revision}"`;
  const body = json ? JSON.stringify(json) : bytes;
  const answer = await fetch(path, { method, headers, body, cache: "no-store" }).catch(() => {
    throw new Unreachable();
  });
  const text = await answer.text().catch(() => {
    throw new Unreachable();
  });
  if (answer.status === 401) throw new Refused();
  if (!answer.ok) throw new Problem(answer.status, read(text));
  return text ? read(text, raw) : null;
}

function read(text, raw) {
  try {
    return raw ? JSON.parse(text) : parse(text);
  } catch {
    return {};
  }
}

/** A JSON answer. */
export const get = (path, more) => ask("GET", path, more);

/** The events of a stream of the server's, until it ends. (`EventSource` does not tell a login that has ended from a lost connection.) */
export async function events(path, signal, onOpen, onEvent) {
  const answer = await fetch(path, { headers: { Accept: "text/event-stream" }, cache: "no-store", signal });
  if (answer.status === 401) throw new Refused();
  if (!answer.ok) throw new Problem(answer.status, {});
  onOpen();
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  for (let rest = ""; ; ) {
    const { value, done } = await reader.read();
    if (done) return;
    const blocks = (rest + value).split("\n\n");
    rest = blocks.pop();
    for (const block of blocks) {
      const field = (name) => block.split("\n").filter((line) => line.startsWith(`${name}: `)).map((line) => line.slice(name.length + 2)).join("\n");
      if (field("event")) onEvent(field("event"), parse(field("data")));
    }
  }
}
