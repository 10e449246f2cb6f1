import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { describe, it } from "node:test";
import fc from "fast-check";
import { markerOf, markOf } from "./mark.ts";

describe("digests of addresses", () => {
  it("are those of node:crypto, whatever the text and the key", () => {
    const text = fc.oneof(
      fc.string({ maxLength: 70 }),
      fc.string({ unit: "grapheme", maxLength: 70 }),
      fc.string({ unit: fc.constantFrom(..."+0123456789"), maxLength: 16 }),
    );
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), fc.array(text), (bytes, texts) => {
        const marker = markerOf({ key: Buffer.from(bytes).toString("base64") });
        for (const one of texts) assert.deepEqual(marker(one), createHmac("sha256", bytes).update(one).digest());
      }),
    );
  });

  it("begin with the mark, in base64url", () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), fc.emailAddress(), (bytes, address) => {
        const digest = createHmac("sha256", bytes).update(address).digest();
        assert.equal(
          markOf({ key: Buffer.from(bytes).toString("base64") }, address),
          digest.subarray(0, 16).toString("base64url"),
        );
      }),
    );
  });
});
