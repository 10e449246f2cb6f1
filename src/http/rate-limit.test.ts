import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { rateLimit } from "./rate-limit.ts";

test("no limit is no limiter", () => {
  assert.equal(rateLimit(0), undefined);
});

test("the request after the last allowed one is refused until the second is over", () => {
  const limit = rateLimit(2);
  assert.deepEqual(limit?.take("crm", 5_000), {
    allowed: true,
    headers: { "ratelimit-policy": '"client";q=2;w=1', ratelimit: '"client";r=1;t=1' },
  });
  assert.equal(limit?.take("crm", 5_500).allowed, true);
  assert.deepEqual(limit?.take("crm", 5_999), {
    allowed: false,
    headers: { "ratelimit-policy": '"client";q=2;w=1', ratelimit: '"client";r=0;t=1', "retry-after": "1" },
  });
  assert.equal(limit?.take("crm", 6_000).allowed, true);
});

test("one client's requests do not count for another", () => {
  const limit = rateLimit(1);
  assert.equal(limit?.take("crm", 0).allowed, true);
  assert.equal(limit?.take("shop", 0).allowed, true);
  assert.equal(limit?.take("crm", 0).allowed, false);
});

test("a clock that is set back gives a new window", () => {
  const limit = rateLimit(1);
  limit?.take("crm", 9_000);
  assert.equal(limit?.take("crm", 2_000).allowed, true);
});

test("in one second exactly as many pass as the limit says, and r counts them down", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 50 }), fc.integer({ min: 0, max: 100 }), (perSecond, sent) => {
      const limit = rateLimit(perSecond);
      const answers = Array.from({ length: sent }, () => limit?.take("crm", 1_234_000));
      assert.equal(answers.filter((answer) => answer?.allowed).length, Math.min(perSecond, sent));
      answers.forEach((answer, index) => {
        assert.equal(answer?.headers["ratelimit"], `"client";r=${Math.max(0, perSecond - index - 1)};t=1`);
      });
    }),
  );
});
