// The server's answers: with the token, which only this tab keeps.

/** The token was not taken. */
export class Refused extends Error {}

const headers = () => ({ Authorization: `Bearer ${sessionStorage.getItem("token") ?? ""}` });

/** Controls, characters of direction and others that are not seen, and letters of languages that are written from right to left. */
const HIDDEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\u034f\u115f\u1160\u17b4\u17b5\u3164\uffa0\u{e0000}-\u{e0fff}]/gu;
const RIGHT_TO_LEFT = /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\u{10800}-\u{10fff}\u{1e800}-\u{1efff}]/u;

/** A text from outside: hidden characters are written out, and what is written from right to left does not turn its neighbours around. */
function visible(text) {
  const written = text.replace(HIDDEN, (hidden) => `\\u{${hidden.codePointAt(0).toString(16)}}`);
  return RIGHT_TO_LEFT.test(written) ? `\u2068${written}\u2069` : written;
}

/** What the server says. Every text of it passes here before it is shown. */
const parse = (json) => JSON.parse(json, (_key, value) => (typeof value === "string" ? visible(value) : value));

/** A JSON answer. */
export async function get(path) {
  const answer = await fetch(path, { headers: headers(), cache: "no-store" });
  if (answer.status === 401) throw new Refused();
  if (!answer.ok) throw new Error(`${answer.status}`);
  return parse(await answer.text());
}

/**
 * Follows the calls for as long as the page is open, and comes back after a while where the connection is lost.
 * (`EventSource` could not send the token.)
 * @param {(call: object) => void} onCall @param {(call: object) => void} onOutcome what a PBX saw of a call came in @param {(state: string) => void} onState @param {() => number} last the last call seen
 */
export async function follow(onCall, onOutcome, onState, last) {
  for (let pause = 500; ; pause = Math.min(pause * 2, 15_000)) {
    try {
      const answer = await fetch(`/v1/calls/stream?after=${last()}`, { headers: headers(), cache: "no-store" });
      if (answer.status === 401) throw new Refused();
      if (!answer.ok) throw new Error(`${answer.status}`);
      onState("on");
      pause = 500;
      await read(answer.body, { call: onCall, outcome: onOutcome });
    } catch (error) {
      if (error instanceof Refused) throw error;
    }
    onState("again");
    await new Promise((resolve) => setTimeout(resolve, pause));
  }
}

async function read(body, on) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  for (let rest = ""; ; ) {
    const { value, done } = await reader.read();
    if (done) return;
    const events = (rest + value).split("\n\n");
    rest = events.pop();
    for (const event of events) {
      const field = (name) => event.split("\n").filter((line) => line.startsWith(`${name}: `)).map((line) => line.slice(name.length + 2)).join("\n");
      on[field("event")]?.(parse(field("data")));
    }
  }
}
