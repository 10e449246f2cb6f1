import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { stored, streamOf } from "../../../test/contract/store-support.ts";
import { entryOf, erasureStream } from "../../domain/stream.ts";
import { user } from "../../domain/subject.ts";
import type { Appended, Refused, Write } from "../../service/store.ts";
import { Group, type Loaded, LockNeeded } from "./group.ts";

const at = "2026-03-03T14:05:00.000Z";
const [one, two] = [streamOf("customer:1"), streamOf("customer:2")];

function loaded(more: Partial<Loaded> = {}): Loaded {
  const heads = new Map([one, two].map((stream) => [stream, undefined]));
  return { heads, owners: new Map(), freeIds: new Map(), positions: new Map(), ...more };
}

/** Runs one write in a group; its answer comes when the group is answered. */
function ran(group: Group, write: Write<unknown>): Promise<Appended | Refused<unknown>> {
  return new Promise((resolve, reject) => group.run({ write, since: 0, resolve, reject }));
}

/** Adds a slot to those of a subject, which it reads. */
function adding(subject: string, slot: string): Write<unknown> {
  const stream = streamOf(subject);
  return {
    reads: [stream],
    step: (newest) => ({ append: [stored(subject, [...(newest.change(stream)?.document.slots ?? []), slot])] }),
  };
}

/** Gives a new user an e-mail address, unless somebody has it. */
function entering(email: string): Write<unknown> {
  return {
    reads: [],
    emails: [email.toLowerCase()],
    ids: ["user"],
    step: (newest) => {
      const owner = newest.userWithEmail(email);
      if (owner !== undefined) return { refuse: owner };
      const id = newest.freeId("user");
      const stream = entryOf(user(id));
      return { append: [{ actor: "Jo", client: "crm", stream, kind: "directory", document: { id, email } }] };
    },
  };
}

describe("a group of writes on PostgreSQL", () => {
  it("lets a step refuse with what one before it appends: where that stands is known with the answer", async () => {
    const group = new Group(loaded(), at, undefined);
    const first = ran(group, adding("customer:1", "a"));
    const refused = ran(group, { reads: [one], step: (newest) => ({ refuse: newest.change(one) }) });
    group.answer(40);
    const [appended, refusal] = await Promise.all([first, refused]);
    assert("changes" in appended && "refused" in refusal);
    assert.deepEqual({ ...(refusal.refused as object) }, appended.changes[0]);
  });

  it("shows a step what one before it appends, but for its position, which needs the lock", async () => {
    const group = new Group(loaded(), at, undefined);
    const answers = [ran(group, adding("customer:1", "a")), ran(group, adding("customer:1", "b"))];
    const asks = (name: "position" | "previous"): Write<unknown> => ({
      reads: [one],
      step: (newest) => ({ refuse: newest.change(one)?.[name] }),
    });
    await assert.rejects(ran(group, asks("position")), LockNeeded);
    await assert.rejects(ran(group, asks("previous")), LockNeeded);
    group.answer(40);
    const changes = (await Promise.all(answers)).flatMap((answer) => ("changes" in answer ? answer.changes : []));
    assert.deepEqual(
      changes.map(({ position, previous, document }) => [position, previous, document]),
      [
        [40, undefined, { slots: ["a"] }],
        [41, 40, { slots: ["a", "b"] }],
      ],
    );
  });

  it("needs no lock for several changes of one subject by steps that do not read it", async () => {
    const group = new Group(loaded(), at, undefined);
    const blind = (slot: string) => ran(group, { reads: [], step: () => ({ append: [stored("customer:1", [slot])] }) });
    const answers = [blind("a"), blind("b")];
    group.answer(40);
    const changes = (await Promise.all(answers)).flatMap((answer) => ("changes" in answer ? answer.changes : []));
    assert.deepEqual(
      changes.map(({ position, previous }) => [position, previous]),
      [
        [40, undefined],
        [41, 40],
      ],
    );
  });

  it("needs the lock for the directory and for an erasure", async () => {
    const group = new Group(loaded({ positions: new Map([[one, [3]]]) }), at, undefined);
    const document = { id: 5, email: "a@example.com" };
    const entry = { ...stored("", []), stream: entryOf(user(5)), kind: "directory" as const, document };
    await assert.rejects(ran(group, { reads: [], step: () => ({ append: [entry] }) }), LockNeeded);
    const erasure = { ...stored("", []), stream: erasureStream, kind: "erasure" as const, document: {} };
    const erasing: Write<unknown> = {
      reads: [],
      positions: [one],
      step: () => ({ append: [erasure], erase: [one] }),
    };
    await assert.rejects(ran(group, erasing), LockNeeded);
    assert.equal(group.members.length, 0);
  });

  it("with the lock, shows each step what those before it left, at the position that it will have", async () => {
    const group = new Group(loaded(), at, 40);
    const answers = [ran(group, adding("customer:1", "a")), ran(group, adding("customer:1", "b"))];
    assert.deepEqual(group.change(one)?.document, { slots: ["a", "b"] });
    assert.equal(group.change(one)?.position, 41);
    assert.equal(group.change(one)?.previous, 40);
    group.answer(40);
    assert.deepEqual(
      (await Promise.all(answers)).map((answer) => "changes" in answer && answer.changes[0].position),
      [40, 41],
    );
  });

  it("leaves out what refuses or throws, and answers it no sooner than the others", async () => {
    const group = new Group(loaded(), at, undefined);
    const refused = ran(group, { reads: [one], step: (newest) => ({ refuse: newest.change(one) ?? "nothing" }) });
    const failed = ran(group, { reads: [], step: () => assert.fail("a mistake") });
    const kept = ran(group, adding("customer:1", "a"));
    assert.equal(group.members.length, 1);
    group.answer(0);
    assert.deepEqual(await refused, { refused: "nothing" });
    await assert.rejects(failed, /a mistake/);
    assert("changes" in (await kept));
  });

  it("names the streams that are appended to and were not read", async () => {
    const group = new Group(loaded(), at, undefined);
    void ran(group, { reads: [], step: () => ({ append: [stored("customer:9", []), stored("customer:1", [])] }) });
    assert.deepEqual(group.unread, [streamOf("customer:9")]);
  });

  it("gives an e-mail address and an id to one entry only", async () => {
    const freeIds = new Map([["user" as const, { ever: 6, ids: [7, 8, 9] }]]);
    const group = new Group(loaded({ freeIds, owners: new Map([["c@example.com", 3]]) }), at, 0);
    const emails = ["a@example.com", "A@EXAMPLE.com", "b@example.com", "C@example.com"];
    const answers = emails.map((email) => ran(group, entering(email)));
    group.answer(0);
    const outcomes = (await Promise.all(answers)).map((answer) =>
      "changes" in answer ? answer.changes[0].stream : answer.refused,
    );
    assert.deepEqual(outcomes, [entryOf(user(7)), 7, entryOf(user(8)), 3]);
  });
});
