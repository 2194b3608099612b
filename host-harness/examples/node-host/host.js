// A host of `telephony:operation@0.2.0` on Node: all that a PBX has to bring for an operation to run in it.

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { transpile } from "@bytecodealliance/jco-transpile";
import { types } from "@bytecodealliance/preview2-shim/http";
import { WASIShim } from "@bytecodealliance/preview2-shim/instantiation";

/// Makes JavaScript of a component, in a folder that is there. What it returns makes an instance with these imports: a new one for each call.
export async function load(component, folder) {
  const { files } = await transpile(component, { name: "operation", instantiation: "sync", outDir: folder, emitTypescriptDeclarations: false });
  const module = { [join(folder, "package.json")]: '{"type": "module"}' };
  for (const [file, bytes] of Object.entries({ ...files, ...module })) writeFileSync(file, bytes);
  const { instantiate } = await import(pathToFileURL(join(folder, "operation.js")));
  const modules = new Map();
  const compiled = (file) => modules.get(file) ?? modules.set(file, new WebAssembly.Module(readFileSync(join(folder, file)))).get(file);
  return (imports) => instantiate(compiled, imports);
}

/// What an operation may reach: WASI's clocks and HTTP, its configuration, what it keeps from call to call, and the PBX's employees by CRM user.
export function imports({ configuration, employees, kept, now = Date.now }) {
  class Bucket {
    get = (key) => kept.get(key);
    set = (key, value) => void kept.set(key, value);
    exists = (key) => kept.has(key);
    delete = (key) => void kept.delete(key);
  }
  const wasi = new WASIShim().getImportObject();
  return {
    ...wasi,
    "wasi:http/types": { ...wasi["wasi:http/types"], httpErrorCode },
    "wasi:clocks/wall-clock": { now: () => datetime(now()) },
    "wasi:config/store": { get: (key) => configuration[key] },
    "wasi:keyvalue/store": { Bucket, open: () => new Bucket() },
    "telephony:operation/directory": {
      findByCrmUser: (user) => employees[user],
      findLastTalk: () => { throw { tag: "unavailable", val: "this host does not keep who talked to whom" }; },
    },
  };
}

/// Of a connection that breaks off inside a body, preview2-shim 0.26.1 hands on what Node says, which is no error of the contract.
function httpErrorCode(error) {
  const code = types.httpErrorCode(error);
  return code.tag ? code : { tag: "HTTP-response-incomplete" };
}

/// Milliseconds since 1970 as the contract has them.
export const datetime = (milliseconds) => ({ seconds: BigInt(Math.floor(milliseconds / 1000)), nanoseconds: (milliseconds % 1000) * 1_000_000 });
