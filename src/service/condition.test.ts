import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { continuationOf, isMet, versionOf } from "./condition.ts";

const known = [undefined, "0badcafe", "5eed5eed"] as const;

/** The version of a document that rests on the same position each time. */
function read(branch: string | undefined): string {
  return versionOf(7, 1, continuationOf({ branch, stoppedBecause: undefined })());
}

describe("the version of a document", () => {
  it("is position and catalogue, for as long as the log was never continued", () => {
    assert.equal(versionOf(undefined, 2, undefined), "none.2");
    assert.equal(read(undefined), "7.1");
  });

  it("tells the newest continuation as well", () => {
    assert.equal(read("0badcafe"), "7.1.0badcafe");
    assert.equal(versionOf(undefined, 1, "0badcafe"), "none.1.0badcafe");
  });

  it("is never one that was read before changes were lost", () => {
    assert.equal(new Set(known.map(read)).size, known.length);
    assert.equal(
      isMet({ match: [read("0badcafe")] }, () => read("5eed5eed"), true),
      false,
    );
  });

  it("is another one for each process, once its log was set back and is not yet continued", () => {
    const logs = [1, 2].map(() => ({ branch: undefined, stoppedBecause: undefined as string | undefined }));
    const continuations = logs.map(continuationOf);
    const before = continuations.map((continuation) => versionOf(7, 1, continuation()));
    for (const log of logs) log.stoppedBecause = "the database was set back";
    const after = continuations.map((continuation) => versionOf(7, 1, continuation()));
    assert.equal(new Set([...before, ...after]).size, 3);
    assert.deepEqual(
      continuations.map((continuation) => versionOf(7, 1, continuation())),
      after,
    );
  });
});
