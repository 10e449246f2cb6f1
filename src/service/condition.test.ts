import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { continuationOf, isMet, versionOf } from "./condition.ts";

const [first, second, third] = ["a.example/v1/log", "a.example/v1/log/0badcafe", "a.example/v1/log/5eed5eed"].map(
  (origin) => ({ origin }),
) as [{ origin: string }, { origin: string }, { origin: string }];

/** The version of a document that rests on the same position each time. */
function read(identities: readonly { origin: string }[], isSound = true): string {
  return versionOf(7, 1, continuationOf(identities, isSound));
}

describe("the version of a document", () => {
  it("is position and catalogue, for as long as the log was never continued", () => {
    assert.equal(versionOf(undefined, 2, continuationOf([], true)), "none.2");
    assert.equal(read([first]), "7.1");
  });

  it("tells the newest continuation as well", () => {
    assert.equal(read([first, second]), "7.1.0badcafe");
    assert.equal(versionOf(undefined, 1, continuationOf([first, second], true)), "none.1.0badcafe");
  });

  it("is never one that was read before changes were lost", () => {
    const known = [[first], [first, second], [first, third], [first, second, third, { origin: "a.example/v1/log/1" }]];
    assert.equal(new Set(known.map((identities) => read(identities))).size, known.length);
    assert.equal(
      isMet({ match: [read([first, second])] }, () => read([first, third]), true),
      false,
    );
  });

  it("is another one at each start, while a log that was set back is not yet continued", () => {
    const versions = [read([first]), read([first], false), read([first], false)];
    assert.equal(new Set(versions).size, 3);
  });
});
