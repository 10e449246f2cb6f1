import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { printTop } from "./profile.ts";

const frame = (functionName: string, url: string) => ({ functionName, url, lineNumber: 9 });

test("functions stand in the order of their own time, idle time apart, within the last seconds asked for", (t) => {
  const folder = mkdtempSync(join(tmpdir(), "saywhen-profile-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const file = join(folder, "x.cpuprofile");
  const nodes = [
    { id: 1, callFrame: frame("slow", "file:///a/src/http/slow.ts") },
    { id: 2, callFrame: frame("", "file:///a/src/wire/quick.ts") },
    { id: 3, callFrame: frame("(idle)", "") },
  ];
  const profile = { nodes, samples: [1, 2, 3, 1, 1], timeDeltas: [0, 3_000_000, 1_000_000, 500_000, 1_000_000] };
  writeFileSync(file, JSON.stringify(profile));
  assert.equal(
    printTop(file, 40),
    [
      "5.00 s busy, 0.50 s idle; self time:",
      "  80.0 %  slow  src/http/slow.ts:10",
      "  20.0 %  (anonymous)  src/wire/quick.ts:10",
    ].join("\n"),
  );
  assert.match(printTop(file, 1, 1), /^1.00 s busy, 0.00 s idle/);
});
