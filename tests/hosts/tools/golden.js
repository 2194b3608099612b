// The host of `host-harness/examples/node-host`, which is copied beside this file, for golden cases.
//
// The component alone: a call a line on standard input, its resolution a line on standard output. The component for HTTP hosts: the surroundings of
// a call a line on standard input, the server's address a line on standard output.

import { createInterface } from "node:readline";
import { HTTPServer } from "@bytecodealliance/preview2-shim/http";
import { datetime, imports, load } from "./host.js";
import { read, written } from "./json.js";

const [component, folder, kind] = process.argv.slice(2);

const stores = new Map();
const kept = (name) => stores.get(name) ?? stores.set(name, new Map()).get(name);
const make = await load(component, folder);
const instance = (asked) => make(imports({ ...asked, kept: kept(asked.kept), now: () => asked.at }));

let surroundings;
let address;
if (kind === "http") {
  const server = new HTTPServer({ handle: (request, out) => instance(surroundings).incomingHandler.handle(request, out) });
  server.listen(0, "127.0.0.1");
  const listening = server.address();
  address = `${listening.address}:${listening.port}`;
}

for await (const line of createInterface({ input: process.stdin })) {
  const asked = read(line);
  asked.at = Number(asked.at);
  if (address) {
    surroundings = asked;
    console.log(address);
  } else {
    const { id, caller, called } = asked.call;
    const call = { id, caller: caller ?? undefined, called, at: datetime(asked.at), earlierSteps: [] };
    console.log(written(instance(asked).operation.resolveCall(call, asked.settings)));
  }
}
process.exit();
