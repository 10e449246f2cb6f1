import assert from "node:assert/strict";
import type { Finding } from "../../src/service/verify/findings.ts";
import type { Found } from "./damages.ts";

/** Asserts that just this was found, in any order. */
export function assertFound(findings: readonly Finding[], expected: readonly Found[]): void {
  const said = JSON.stringify(findings, undefined, 1);
  for (const [kind, position, what] of expected) {
    const isThere = findings.some((one) => one.kind === kind && one.position === position && what.test(one.what));
    assert(isThere, `${kind} at ${position} ${what} is not among ${said}`);
  }
  assert.equal(findings.length, expected.length, said);
}
