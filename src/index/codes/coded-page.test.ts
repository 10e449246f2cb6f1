import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { catalogueStream, preferencesOf } from "../../domain/stream.ts";
import { customer } from "../../domain/subject.ts";
import { codeOf } from "../../service/change-code.ts";
import { markerOf } from "../../service/mark.ts";
import { CodedPageReader } from "./coded-page.ts";

const marker = markerOf({ key: Buffer.alloc(32, 7).toString("base64") });
const at = "2026-03-03T14:05:00.123Z";

function pageOf(places: readonly number[]): Buffer {
  const pieces = places.map((place) => {
    const said = {
      actor: "Jo",
      at,
      client: "crm",
      document: { selections: [] },
      kind: "preferences",
      position: 1,
    } as const;
    const stream = place % 3 === 0 ? catalogueStream : preferencesOf(customer(String(place)));
    const code = codeOf(place, { ...said, stream }, marker);
    assert.ok(code !== undefined);
    return Buffer.concat([Buffer.from(`${place} ${code.position} ${code.said.length} `), code.name, code.said]);
  });
  return Buffer.concat(pieces);
}

describe("a page of codes", () => {
  it("is read code by code, each with its place", () => {
    const place = fc.integer({ min: 1, max: 2 ** 31 - 3 });
    fc.assert(
      fc.property(fc.array(place, { maxLength: 20 }), (places) => {
        const page = new CodedPageReader(pageOf(places));
        const read: number[] = [];
        while (page.next()) {
          assert.equal(page.isWhole, true);
          assert.equal(page.end - page.said, page.place % 3 === 0 ? 0 : 9);
          read.push(page.place);
        }
        assert.deepEqual(read, places);
      }),
    );
  });

  it("tells of every bit that was lost, wherever it was", () => {
    const whole = pageOf([77]);
    const length = "77 1 13 ".length;
    for (let bit = 8 * length; bit < 8 * whole.length; bit += 1) {
      const damaged = Buffer.from(whole);
      damaged[bit >> 3] = (damaged[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      const page = new CodedPageReader(damaged);
      assert.deepEqual([page.next(), page.isWhole], [true, false], `bit ${bit}`);
    }
    for (const [was, is] of [["77 1 ", "78 1 "] as const, ["77 1 ", "77 3 "] as const]) {
      const page = new CodedPageReader(Buffer.from(whole.toString("latin1").replace(was, is), "latin1"));
      assert.deepEqual([page.next(), page.isWhole], [true, false], `${was}and ${is}`);
    }
  });
});
