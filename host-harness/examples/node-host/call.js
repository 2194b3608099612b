// Resolves one call: node call.js OPERATION.wasm PBX.json CALLER CALLED. An empty CALLER is a withheld number.

import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { randomUUID } from "node:crypto";
import { datetime, imports, load } from "./host.js";
import { read, written } from "./json.js";

const [component, pbx, caller, called] = process.argv.slice(2);
const { configuration, employees, settings } = read(readFileSync(pbx, "utf8"));
const folder = mkdtempSync(join(tmpdir(), "operation-"));
try {
  const instance = (await load(component, folder))(imports({ configuration, employees, kept: new Map() }));
  const call = { id: randomUUID(), caller: caller || undefined, called, at: datetime(Date.now()), earlierSteps: [] };
  console.log(written(instance.operation.resolveCall(call, settings)));
} finally {
  rmSync(folder, { recursive: true });
}
