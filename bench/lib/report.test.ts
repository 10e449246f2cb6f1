import assert from "node:assert/strict";
import { test } from "node:test";
import { cpuRatio, printReport, rateRatio, troubles } from "./report.ts";
import type { Round } from "./round.ts";

function round(figures: Record<string, [cpu: number, rate: number]>, refused = 0): Round {
  const seen = { requests: 100, seconds: 1, p50Milliseconds: 1, p99Milliseconds: 4, refused, broken: 0 };
  return new Map(
    Object.entries(figures).map(([name, [cpuPerRequest, rate]]) => [name, { name, cpuPerRequest, rate, seen }]),
  );
}

const rounds = [
  round({ bare: [20, 50_000], service: [40, 20_000] }),
  round({ bare: [22, 40_000], service: [88, 10_000] }),
];

test("a ratio compares the two of one round, never of two", () => {
  assert.deepEqual(rounds.map(cpuRatio("bare", "service")), [0.5, 0.25]);
  assert.deepEqual(rounds.map(rateRatio("service", "bare")), [0.4, 0.25]);
});

test("each goal is told as met or not by the median", () => {
  const ratio = cpuRatio("bare", "service");
  const text = printReport(rounds, [
    { title: "easy", least: 0.3, stretch: 0.35, ratio },
    { title: "hard", least: 0.4, ratio },
  ]);
  assert.match(text, /easy +\| ≥ 0.3 \(stretch 0.35\) \| 0.38 \(0.25–0.50\) \| met, stretch too/);
  assert.match(text, /hard +\| ≥ 0.4 +\| 0.38 \(0.25–0.50\) \| NOT MET/);
  assert.match(text, /service +\| 64.0 \(40.0–88.0\) \| 15000 \(10000–20000\)/);
});

test("one refused answer spoils a run, and the run says where", () => {
  assert.deepEqual(troubles(rounds), []);
  const [trouble] = troubles([...rounds, round({ service: [40, 20_000] }, 1)]);
  assert.equal(trouble, "round 3, service: 100 answers, 1 of them refusals, 0 socket errors");
});

test("an entrant that is missing from a round is an error", () => {
  assert.throws(() => cpuRatio("bare", "nobody")(rounds[0] ?? new Map()), /no nobody/);
});
