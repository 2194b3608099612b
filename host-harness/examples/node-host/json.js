// Values of the contract as JSON. Its integers of 64 bits are BigInt in JavaScript, which JSON does not have.

const WIDE = new Set(["ringTime", "deputyCrmUserId", "seconds", "val"]);

export const read = (text) => JSON.parse(text, (key, value) => (WIDE.has(key) && Number.isInteger(value) ? BigInt(value) : value));
export const written = (value) => JSON.stringify(value, (_, part) => (typeof part === "bigint" ? Number(part) : part));
