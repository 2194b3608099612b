// The connection to the server: how the node stands, looked at again and again, and its calls as they come.

import { Refused, events, get } from "./api.js";
import { useEffect, useRef, useState } from "./html.js";

const EVERY = 3_000;
const FIRST_PAUSE = 500;
const LONGEST_PAUSE = 15_000;
/** How many of the newest calls are asked for what amoCRM answered last. */
const NEWEST = 50;
/** What amoCRM answers when it refuses every request. */
const REFUSALS = ["credentials-rejected", "account-unpaid", "access-forbidden"];

/** Waits; ends early where it is no longer wanted. */
const pause = (time, signal) =>
  new Promise((resolve) => {
    const timer = setTimeout(resolve, time);
    signal.addEventListener("abort", () => { clearTimeout(timer); resolve(); }, { once: true });
  });

/** Of each integration, the newest call that asked amoCRM; those that end as a refusal say that no other fares better. */
function withNewest(newest, calls) {
  const after = new Map(newest);
  for (const call of calls) {
    if (call.unreadable || !call.details.requests?.length || (after.get(call.integration)?.seq ?? -1) > call.seq) continue;
    after.set(call.integration, { seq: call.seq, at: call.call.at, reason: REFUSALS.includes(call.reason?.code) ? call.reason : null });
  }
  return after;
}

/**
 * Keeps the connection of a login; it comes back by itself where it is lost, and `onRefused` is called where the login has ended.
 * `subscribe` takes a function that is told `opened`, and each `call` and `outcome`.
 */
export function useConnection(login, onRefused) {
  const [live, setLive] = useState("off");
  const [standing, setStanding] = useState({ state: null, at: null, lost: false });
  const [newest, setNewest] = useState(() => new Map());
  const listeners = useRef(new Set());

  useEffect(() => {
    const stop = new AbortController();
    const tell = (name, call) => listeners.current.forEach((listener) => listener(name, call));
    const came = (name, call) => {
      if (name === "call") setNewest((before) => withNewest(before, [call]));
      tell(name, call);
    };
    const opened = () => {
      setLive("on");
      tell("opened");
      get(`/v1/calls?limit=${NEWEST}`).then(({ calls }) => setNewest((before) => withNewest(before, calls)), () => {});
    };
    const follow = async () => {
      for (let wait = FIRST_PAUSE; !stop.signal.aborted; wait = Math.min(wait * 2, LONGEST_PAUSE)) {
        try {
          await events("/v1/calls/stream", stop.signal, () => { wait = FIRST_PAUSE; opened(); }, came);
        } catch (error) {
          if (error instanceof Refused) return onRefused();
        }
        if (stop.signal.aborted) return undefined;
        setLive("again");
        await pause(wait, stop.signal);
      }
      return undefined;
    };
    const look = async () => {
      while (!stop.signal.aborted) {
        try {
          if (!document.hidden) setStanding({ state: await get("/v1/state"), at: Date.now(), lost: false });
        } catch (error) {
          if (error instanceof Refused) return onRefused();
          setStanding((before) => ({ ...before, lost: true }));
        }
        await pause(EVERY, stop.signal);
      }
      return undefined;
    };
    follow();
    look();
    return () => stop.abort();
  }, [login]);

  const subscribe = (listener) => {
    listeners.current.add(listener);
    return () => listeners.current.delete(listener);
  };
  return { live, ...standing, newest, subscribe };
}
