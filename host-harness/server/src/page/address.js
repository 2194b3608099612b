// Addresses: each view, call and filter has one that can be sent to a colleague. They stand after the `#`, so that the server serves one page.

import { useEffect, useState } from "./html.js";

/** What the browser's address names. */
function read() {
  const [path, query = ""] = location.hash.replace(/^#\/?/, "").split("?");
  const [view, id] = path.split("/").map(decoded);
  return { view: view || "calls", id: id || null, query: new URLSearchParams(query) };
}

function decoded(part) {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

/** The address of a view, of one thing in it, and of how it is filtered. What is empty is left out. */
export function link(view, id = null, query = {}) {
  const entries = query instanceof URLSearchParams ? [...query] : Object.entries(query);
  const wanted = `${new URLSearchParams(entries.filter(([, value]) => value))}`;
  const named = id === null ? "" : `/${encodeURIComponent(id).replaceAll("%3A", ":")}`;
  return `#/${view}${named}${wanted && `?${wanted}`}`;
}

/** Goes to an address; in place of this one where `replace` is said. */
export function go(address, { replace = false } = {}) {
  if (replace) {
    history.replaceState(null, "", address);
    dispatchEvent(new HashChangeEvent("hashchange"));
  } else {
    location.hash = address;
  }
}

/** The address, whenever it changes. */
export function useAddress() {
  const [address, setAddress] = useState(read);
  useEffect(() => {
    const changed = () => setAddress(read());
    addEventListener("hashchange", changed);
    return () => removeEventListener("hashchange", changed);
  }, []);
  return address;
}
