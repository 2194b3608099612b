// The server's answers: with the token, which only this tab keeps.

/** The token was not taken. */
export class Refused extends Error {}

const headers = () => ({ Authorization: `Bearer ${sessionStorage.getItem("token") ?? ""}` });

/** A JSON answer. */
export async function get(path) {
  const answer = await fetch(path, { headers: headers(), cache: "no-store" });
  if (answer.status === 401) throw new Refused();
  if (!answer.ok) throw new Error(`${answer.status}`);
  return answer.json();
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
      on[field("event")]?.(JSON.parse(field("data")));
    }
  }
}
