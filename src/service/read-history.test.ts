import assert from "node:assert/strict";
import { describe, it, type TestContext } from "node:test";
import fc from "fast-check";
import { type Change, draft } from "../domain/change.ts";
import type { CustomerPreferences } from "../domain/customer-preferences.ts";
import { differencesBetween } from "../domain/differences.ts";
import type { EmailPreferences } from "../domain/email-preferences.ts";
import { entryOf, preferencesOf, streamsOf } from "../domain/stream.ts";
import { customer, organisation, type Subject, user } from "../domain/subject.ts";
import { openSqliteStore } from "../storage/sqlite/sqlite-store.ts";
import { cursorOf, type HistoryPlace, readCursor, readHistory } from "./read-history.ts";
import type { Store } from "./store.ts";

const act = { actor: "Jo", client: "crm", trackingId: "12" };
const [one, five, three] = [customer("1"), user(5), organisation(3)] as const;
const subjects: readonly Subject[] = [one, five, three, customer("2")];

async function opened(t: TestContext): Promise<Store> {
  const store = await openSqliteStore({ file: ":memory:" });
  t.after(() => store.close());
  return store;
}

/** One write: to a subject's preferences, or to its entry in the directory. */
interface Wrote {
  readonly subject: number;
  readonly isEntry: boolean;
  readonly choice: number;
}

function draftOf({ subject, isEntry, choice }: Wrote) {
  const whose = subjects[subject] as Subject;
  if (whose === one || whose === customer("2")) return draft(act, "preferences", preferencesOf(whose), chosen(choice));
  const id = Number(whose.split(":")[1]);
  if (isEntry && whose === five) return draft(act, "directory", entryOf(five), { id, organisation: choice + 1 });
  if (isEntry) return draft(act, "directory", entryOf(three), { id, name: `Organisation ${choice}` });
  const document: EmailPreferences = { alertServices: [], frequency: `Every ${choice}`, modules: [], nodes: [] };
  return draft(act, "preferences", preferencesOf(user(id)), document);
}

function chosen(choice: number): CustomerPreferences {
  const at = "2026-01-01T00:00:00.000Z";
  const by = { createdAt: at, createdBy: "Jo", modifiedAt: at, modifiedBy: "Jo" };
  const slot = { category: "A", channel: "Text", type: "BPHONE", normal: "+12125550100", value: "2125550100" };
  return { selections: [{ ...slot, ...by, choice: choice % 2 === 0 ? "opted-in" : "opted-out" }] };
}

async function write(store: Store, wrote: Wrote): Promise<Change> {
  const result = await store.append({ reads: [], step: () => ({ append: [draftOf(wrote)] }) });
  assert.ok("changes" in result);
  return result.changes[0];
}

async function pageOf(store: Store, subject: Subject, limit: number, from?: HistoryPlace) {
  const outcome = await readHistory(store, subject, limit, from);
  assert.ok("value" in outcome, JSON.stringify(outcome));
  return outcome.value;
}

/** A place as it comes back from whoever was given its cursor. */
function asSent(subject: Subject, place: HistoryPlace): HistoryPlace {
  const reading = readCursor(subject, cursorOf(place));
  assert.ok("place" in reading);
  return reading.place;
}

async function problemOf(store: Store, subject: Subject, from?: HistoryPlace): Promise<unknown> {
  const outcome = await readHistory(store, subject, 2, from);
  return "rejected" in outcome && [outcome.rejected.problem, outcome.rejected.faults.map(({ path }) => path)];
}

const wrote = fc.record({ subject: fc.nat(3), isEntry: fc.boolean(), choice: fc.nat(3) });

describe("a subject's history", () => {
  it("is, page by page and with any limit, what was written, newest first, while more is written", async () => {
    const history = fc.array(wrote, { maxLength: 25 });
    await fc.assert(
      fc.asyncProperty(history, fc.nat(3), fc.integer({ min: 1, max: 6 }), wrote, async (writes, of, limit, more) => {
        await using store = Object.assign(await openSqliteStore({ file: ":memory:" }), {
          [Symbol.asyncDispose]: (): Promise<void> => store.close(),
        });
        const subject = subjects[of] as Subject;
        const changes: Change[] = [];
        for (const each of writes) changes.push(await write(store, each));
        const own = changes.filter(({ stream }) => streamsOf(subject).includes(stream)).reverse();
        if (own.length === 0) {
          assert.deepEqual(await problemOf(store, subject), ["subject-unknown", []]);
          return;
        }
        const read: unknown[] = [];
        for (let next: HistoryPlace | undefined | null = null; next !== undefined; ) {
          const page = await pageOf(store, subject, limit, next === null ? undefined : asSent(subject, next));
          assert.equal(page.changes.length, Math.min(limit, own.length - read.length));
          read.push(...page.changes);
          next = page.next;
          await write(store, more);
        }
        assert.deepEqual(
          read,
          own.map((change) => toldOf(change, changes)),
        );
      }),
      { numRuns: 40 },
    );
  });

  it("says who, when, through which client and what differs", async (t) => {
    const store = await opened(t);
    const first = await write(store, { subject: 0, isEntry: false, choice: 0 });
    const second = await write(store, { subject: 0, isEntry: false, choice: 1 });
    await write(store, { subject: 0, isEntry: false, choice: 1 });
    const { changes } = await pageOf(store, one, 50);
    const said = { kind: "preferences", actor: "Jo", client: "crm", trackingId: "12" };
    const opted = (state: string) => ({ state, value: "2125550100" });
    const slot = "/A/Text/BPHONE";
    assert.deepEqual(changes.slice(1), [
      {
        position: 1,
        at: second.at,
        ...said,
        differences: [{ path: slot, from: opted("opted-in"), to: opted("opted-out") }],
      },
      {
        position: 0,
        at: first.at,
        ...said,
        differences: [{ path: slot, from: { state: "never-asked" }, to: opted("opted-in") }],
      },
    ]);
    assert.deepEqual(changes[0]?.differences, []);
  });

  it("does not go on for a subject that was erased meanwhile, also when it came back", async (t) => {
    const store = await opened(t);
    for (const isEntry of [true, false, true, false]) await write(store, { subject: 1, isEntry, choice: 1 });
    const place = (await pageOf(store, five, 1)).next;
    await store.append({
      reads: streamsOf(five),
      step: () => ({ append: [draftOf({ subject: 2, isEntry: false, choice: 1 })], erase: streamsOf(five) }),
    });
    assert.deepEqual(await problemOf(store, five), ["subject-unknown", []]);
    assert.deepEqual(await problemOf(store, five, place), ["invalid", [["cursor"]]]);
    await write(store, { subject: 1, isEntry: true, choice: 1 });
    assert.deepEqual(await problemOf(store, five, place), ["invalid", [["cursor"]]]);
    assert.equal((await pageOf(store, five, 50)).changes.length, 1);
  });

  it("does not go on where a cursor leads to another's changes, or to none", async (t) => {
    const store = await opened(t);
    await write(store, { subject: 0, isEntry: false, choice: 1 });
    await write(store, { subject: 1, isEntry: false, choice: 1 });
    await write(store, { subject: 1, isEntry: true, choice: 1 });
    for (const [subject, place] of [
      [one, [1]],
      [one, [3]],
      [one, [Number.MAX_SAFE_INTEGER]],
      [customer("2"), [0]],
      [five, [2, 1]],
      [five, [1, 1]],
      [five, [undefined, 0]],
      [three, [1, 2]],
    ] as const) {
      assert.deepEqual(await problemOf(store, subject, place), ["invalid", [["cursor"]]], `${subject} ${place.join()}`);
    }
  });
});

describe("a cursor", () => {
  const inText = (text: string): string => Buffer.from(text).toString("base64url");

  it("is read as it was given out, and in no other spelling", () => {
    assert.deepEqual(readCursor(one, inText("12")), { place: [12] });
    assert.deepEqual(readCursor(five, inText("12,7")), { place: [12, 7] });
    assert.deepEqual(readCursor(five, inText(",7")), { place: [undefined, 7] });
    const misspelt = [
      "",
      "!",
      "12",
      inText(""),
      inText("12 "),
      inText("012"),
      inText("-1"),
      inText("1.5"),
      inText("1e3"),
    ];
    const others = [
      inText("NaN"),
      inText("12,7"),
      inText("x"),
      `${inText("12")}=`,
      `${inText("12")}\n`,
      inText("9".repeat(17)),
    ];
    const lost = [inText("Infinity"), inText("0x10"), inText("-0"), "MT", "MTJ", inText("ü")];
    for (const text of [...misspelt, ...others, ...lost]) assert.ok("fault" in readCursor(one, text), text);
    for (const text of [inText("12"), inText(","), inText("1,2,3")]) assert.ok("fault" in readCursor(five, text), text);
  });

  it("of any other text is refused", () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.base64String()), (text) => {
        const reading = readCursor(five, text);
        if ("place" in reading) assert.equal(inText(reading.place.map((each) => each ?? "").join(",")), text);
      }),
    );
  });
});

function toldOf(change: Change, all: readonly Change[]): unknown {
  const { position, at, kind, actor, client, trackingId, stream, document } = change;
  const before = all.filter((other) => other.stream === stream && other.position < position).at(-1);
  const differences = differencesBetween(stream, before?.document, document);
  return { position, at, kind, actor, client, trackingId, differences };
}
