import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex, utf8ToBytes } from "@noble/hashes/utils.js";
import type { Plan } from "./plan.js";
import { planToJson } from "./plan-json.js";

const hexDigits = 16;

/** The first 16 hexadecimal digits of the SHA-256 of the plan's JSON, with its keys in order. The same plan has the same hash everywhere. */
export function planHash(plan: Omit<Plan, "hash">): string {
  return bytesToHex(sha256(utf8ToBytes(JSON.stringify(planToJson(plan), sortedKeys)))).slice(0, hexDigits);
}

function sortedKeys(_key: string, value: unknown): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1)));
}
