import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { openPostgresStore } from "../src/storage/postgres/postgres-store.ts";
import { openSqliteStore } from "../src/storage/sqlite/sqlite-store.ts";
import { answersOf, type OpenStorage } from "./support/case-service.ts";
import { type Case, type CaseSelection, caseFiles } from "./support/cases.ts";
import { newDatabase } from "./support/postgres.ts";

const storages: readonly { readonly name: string; readonly open: OpenStorage }[] = [
  { name: "SQLite", open: (clock) => openSqliteStore({ file: ":memory:", clock }) },
  { name: "PostgreSQL", open: async (clock) => openPostgresStore({ url: await newDatabase(), clock }) },
];

/** Nothing in the service makes a selection unconfirmed yet. */
function isForRulesAlone({ preferences = {} }: Case): boolean {
  return Object.values(preferences).some(
    (chosen) => Array.isArray(chosen) && (chosen as CaseSelection[]).some(({ unconfirmed }) => unconfirmed === true),
  );
}

for (const { name, open } of storages) {
  for (const file of caseFiles) {
    describe(`the service on ${name}, asked the cases of ${file.name}.json singly, in a batch and by command`, () => {
      for (const asked of file.cases) {
        const skip = isForRulesAlone(asked) ? "nothing makes a selection unconfirmed yet" : false;
        it(asked.title, { skip }, async () => {
          const { single, batch, isInAudience, command } = await answersOf(open, file, asked);
          assert.deepEqual(single, asked.answer);
          const { verdict, reason, frequency } = asked.answer;
          assert.deepEqual(batch, { verdict, reason, ...(frequency !== undefined && { frequency }) });
          if (isInAudience !== undefined) assert.equal(isInAudience, verdict === "send");
          const { selections: _explained, ...answer } = command as { readonly selections?: unknown };
          const { selections: _expected, ...expected } = asked.answer;
          assert.deepEqual(answer, expected);
        });
      }
    });
  }
}
