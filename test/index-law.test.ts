import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { setImmediate as nextTurn, setTimeout as delay } from "node:timers/promises";
import { inspect } from "node:util";
import fc from "fast-check";
import { checkCatalogue } from "../src/domain/catalogue-check.ts";
import { checkQuestion, type Question } from "../src/domain/question.ts";
import { catalogueStream, subjectOf } from "../src/domain/stream.ts";
import { isCustomer, type Subject } from "../src/domain/subject.ts";
import { KeptIndex } from "../src/index/kept-index.ts";
import { CatalogueInForce, loadCatalogue } from "../src/service/catalogue.ts";
import { decide, decideAt } from "../src/service/decide.ts";
import {
  type Asking,
  type AudienceCount,
  type BriefDecision,
  IndexUnavailable,
  type Known,
} from "../src/service/decision-index.ts";
import { ensureMarkKey } from "../src/service/mark.ts";
import type { CodeStore } from "../src/service/code-store.ts";
import type { LogRecords } from "../src/service/log-store.ts";
import type { ReadNewest } from "../src/service/moment.ts";
import type { Store } from "../src/service/store.ts";
import { openPostgresStore } from "../src/storage/postgres/postgres-store.ts";
import { openSqliteStore } from "../src/storage/sqlite/sqlite-store.ts";
import { newDatabase } from "./support/postgres.ts";
import { act, catalogueOf, everybody, happen, questions, type World } from "./support/world.ts";

// Law 4, `audience(question)` is exactly the subjects for whom `decide(question)` says `send`, and law 11, a stop
// acknowledged by any node holds on every node at once: whatever happens, in whatever order, and on both sides of an
// expiry and of quiet hours.

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;

/** From now: at once, on both sides of a consent of a day, by day and by night, and a month on. */
const later = [0, 5 * hour, 11 * hour, day - 1, day, day + hour, 31 * day];

type Storage = Store & LogRecords & CodeStore;

interface Place {
  readonly name: string;
  /** Opens two ways to the same log: where it is written, and where it is asked. */
  readonly open: (clock: () => number) => Promise<readonly [Storage, Storage]>;
  readonly runs: number;
}

const places: readonly Place[] = [
  {
    name: "SQLite",
    runs: 40,
    async open(clock) {
      const store = await openSqliteStore({ file: ":memory:", clock });
      return [store, store];
    },
  },
  {
    name: "two nodes on PostgreSQL",
    runs: 5,
    async open(clock) {
      const url = await newDatabase();
      return [await openPostgresStore({ url, clock }), await openPostgresStore({ url, clock })];
    },
  },
];

for (const { name, open, runs } of places) {
  describe(`the index on ${name}`, () => {
    it("answers as the rules do, whatever happens, followed, built anew or made of codes (laws 4 and 11)", async () => {
      let madeOfCodes = 0;
      await fc.assert(
        fc.asyncProperty(fc.array(act, { minLength: 5, maxLength: 40 }), async (acts) => {
          const clock = { now: Date.parse("2026-03-03T14:05:00Z") };
          const [written, asked] = await open(() => clock.now);
          try {
            const world = await begun(written, clock);
            {
              await using kept = await keptOn(asked);
              for (const [index, done] of acts.entries()) {
                await happen(world, done);
                if (index % 5 === 4) await assertLaw(kept.index, world, asked, [0]);
              }
              await assertLaw(kept.index, world, asked, later);
              await using anew = await keptOn(asked);
              await assertLaw(anew.index, world, asked, later);
            }
            // Both have kept codes by now, of which the next one is made where the catalogue allows.
            await using ofCodes = await keptOn(asked);
            await assertLaw(ofCodes.index, world, asked, later);
            if (ofCodes.codesRead() > 0) madeOfCodes += 1;
          } finally {
            await written.close();
            await asked.close();
          }
        }),
        { numRuns: runs },
      );
      assert(madeOfCodes > 0, "some were made of codes");
    });

    it("is built while things happen, and asked while they happen: each answer is one of its moment", async () => {
      const clock = { now: Date.parse("2026-03-03T14:05:00Z") };
      const [written, asked] = await open(() => clock.now);
      try {
        const world = await begun(written, clock);
        const acts = fc.sample(
          act.filter(({ does }) => does !== "wait" && does !== "change the catalogue"),
          { numRuns: 600, seed: 11 },
        );
        await Promise.all(acts.slice(0, 200).map((done) => happen(world, done)));
        const building = keptOn(asked);
        await Promise.all(acts.slice(200, 400).map((done) => happen(world, done)));
        await using kept = await building;
        let isOver = false;
        const asking = askMeanwhile(kept.index, world, asked, () => isOver);
        for (const done of acts.slice(400)) await happen(world, done);
        isOver = true;
        assert((await asking) > 0, "something was asked meanwhile");
        await assertLaw(kept.index, world, asked, later);
      } finally {
        await written.close();
        await asked.close();
      }
    });
  });
}

/** Compares what the index answers with what the rules say of just as much of the log as it knows. */
async function askMeanwhile(
  index: KeptIndex,
  { clock }: World,
  store: Storage,
  isOver: () => boolean,
): Promise<number> {
  let compared = 0;
  while (!isOver()) {
    // On SQLite nothing is waited for: whoever writes has to have its turn.
    await nextTurn();
    const { answers, size } = await asking(index, (known) => ({
      answers: everyAnswer(known, clock.now),
      size: known.size,
    }));
    const [recorded] = await store.newest([catalogueStream]);
    assert(recorded !== undefined);
    const deps = { catalogue: new CatalogueInForce(recorded) };
    const read: ReadNewest = (streams) => store.newestAmong(size, streams);
    for (const { asked, subject, reason } of answers) {
      const outcome = await decideAt(deps, { at: clock.now, read, faults: [] }, { ...asked, subject });
      assert("value" in outcome);
      // Whoever was erased since is not told of any more, not even what was then.
      if (outcome.value.reason === "never-asked") continue;
      assert.equal(reason, outcome.value.reason, `${subject} at ${size}: ${JSON.stringify(asked)}`);
      compared += 1;
    }
  }
  return compared;
}

function everyAnswer(known: Known, at: number) {
  return questions.flatMap((asked) => {
    const checked = checkQuestion(asked, known.words);
    assert("question" in checked);
    const ready = known.asking(checked.question, at);
    const whom = everybody.filter((subject) => isCustomer(subject) === (checked.question.about === "contact"));
    return whom.map((subject) => ({ asked, subject, reason: ready.answers[ready.answerTo(subject)]?.reason }));
  });
}

async function begun(store: Storage, clock: { now: number }): Promise<World> {
  const catalogue = await loadCatalogue(store, () => {
    const checked = checkCatalogue(catalogueOf(1));
    assert("catalogue" in checked);
    return checked.catalogue;
  });
  await ensureMarkKey(store);
  return { store, catalogue, clock };
}

/** The codes of a store, and how many bytes of them were read. */
function countingCodes(store: CodeStore): { readonly codes: CodeStore; readonly read: () => number } {
  let read = 0;
  async function* everyCoded() {
    for await (const page of store.everyCoded()) {
      read += page.codes.length;
      yield page;
    }
  }
  return { codes: { everyCoded, saveCodes: (codes) => store.saveCodes(codes) }, read: () => read };
}

async function keptOn(
  store: Storage,
): Promise<AsyncDisposable & { readonly index: KeptIndex; readonly codesRead: () => number }> {
  const [recorded] = await store.newest([catalogueStream]);
  assert(recorded !== undefined);
  const errors: unknown[] = [];
  const onError = (error: unknown) => errors.push(error);
  const counted = countingCodes(store);
  const given = { store, codes: counted.codes, catalogue: new CatalogueInForce(recorded) };
  const index = new KeptIndex({ ...given, onError, onTrouble: onError });
  return {
    index,
    codesRead: counted.read,
    async [Symbol.asyncDispose]() {
      await index.close();
      assert.deepEqual(errors, []);
    },
  };
}

/** What the index knows, once it is built: also anew, for a catalogue that needs what was not kept. */
async function asking<Value>(index: KeptIndex, ask: (known: Known) => Value): Promise<Value> {
  const until = performance.now() + 20_000;
  for (;;) {
    try {
      return ask(await index.current());
    } catch (error) {
      if (!(error instanceof IndexUnavailable) || performance.now() > until) throw error;
      await delay(2);
    }
  }
}

async function assertLaw(index: KeptIndex, { clock }: World, store: Storage, after: readonly number[]): Promise<void> {
  const [recorded] = await store.newest([catalogueStream]);
  assert(recorded !== undefined);
  const catalogue = new CatalogueInForce(recorded);
  const words = catalogue.at(undefined);
  const inOrder = await firstCome(store);
  const deps = { records: store, past: store, catalogue, now: () => clock.now };
  for (const asked of questions) {
    const checked = checkQuestion(asked, words);
    assert("question" in checked, JSON.stringify(checked));
    const { question } = checked;
    const whom = everybody.filter((subject) => isCustomer(subject) === (question.about === "contact"));
    for (const ms of after) {
      const at = clock.now + ms;
      const expected = new Map<Subject, BriefDecision>();
      for (const subject of whom) {
        const outcome = await decide(deps, { ...asked, subject, ...(ms > 0 && { at: new Date(at).toISOString() }) });
        assert("value" in outcome);
        const { verdict, reason } = outcome.value;
        const frequency = "frequency" in outcome.value ? outcome.value.frequency : undefined;
        expected.set(subject, { verdict, reason, ...(frequency !== undefined && { frequency }) });
      }
      await asking(index, (known) => assertAnswers(known.asking(question, at), question, expected, inOrder));
    }
  }
}

type Expected = ReadonlyMap<Subject, BriefDecision>;

function assertAnswers(asked: Asking, question: Question, expected: Expected, inOrder: readonly Subject[]): void {
  const about = inspect(question, { depth: 4, breakLength: Infinity });
  for (const [subject, answer] of expected) {
    assert.deepEqual(asked.answers[asked.answerTo(subject)], answer, `${subject}: ${about}`);
  }
  const senders = inOrder.filter((subject) => expected.get(subject)?.verdict === "send");
  assert.deepEqual(namesOf(asked), senders, about);
  const { count, frequencies } = countedIn(asked);
  assert.equal(count, senders.length, about);
  if (question.about !== "module") return;
  const counted: Record<string, number> = {};
  for (const subject of senders) {
    const { frequency = "" } = expected.get(subject) ?? {};
    counted[frequency] = (counted[frequency] ?? 0) + 1;
  }
  assert.deepEqual({ ...frequencies }, counted, about);
}

/** What the parts of a count come to; those that are counted by frequency come in one. */
function countedIn(asked: Asking): AudienceCount {
  let [count, part] = [0, asked.count({})];
  for (; part.next !== undefined; part = asked.count({ from: part.next })) count += part.count;
  return { ...part, count: count + part.count };
}

function namesOf(asked: Asking): string[] {
  const output = Buffer.alloc(4096);
  const texts = { before: Buffer.alloc(0), after: asked.answers.map(() => Buffer.from("\n")) };
  let names = "";
  for (let from: number | undefined = 0; from !== undefined; ) {
    const { written, next } = asked.writeAudience({ from }, output, texts);
    names += output.toString("latin1", 0, written);
    from = next;
  }
  return names.split("\n").slice(0, -1);
}

/** Everybody of whom something is held, in the order in which they first came. */
async function firstCome(store: Storage): Promise<readonly Subject[]> {
  const subjects = new Set<Subject>();
  for await (const page of store.everyNewest()) {
    for (const { change } of page) {
      const subject = subjectOf(change.stream);
      if (subject !== undefined) subjects.add(subject);
    }
  }
  return [...subjects];
}
