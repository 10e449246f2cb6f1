import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { customer, organisation, readSubject, type Subject, user } from "../domain/subject.ts";
import { LineAnswers } from "./line-answers.ts";
import type { Ready } from "./ready.ts";
import type { SubjectKind } from "../domain/subject-key.ts";
import { SubjectTable } from "./subjects/subject-table.ts";

const digits = fc.string({ unit: fc.constantFrom(..."0123456789"), minLength: 1, maxLength: 20 });
const id = fc.integer({ min: 1, max: 999_999_999_999_999 });
const subject: fc.Arbitrary<Subject> = fc.oneof(digits.map(customer), id.map(organisation), id.map(user));

/** Everything that is no line of a subject, and what nearly is one. */
const oddLine = fc.constantFrom(
  "",
  "\n",
  '\t"customer:1"\n',
  '"customer:1"\r\r\n',
  " ",
  '"customer:1" \n',
  '"customer:"\n',
  '"customer:1x"\n',
  '"customer:١"\n',
  '"customer:1:2"\n',
  '"customer:123456789012345678901"\n',
  '"custome\\u0072:1"\n',
  '"customers:1"\n',
  '"Customer:1"\n',
  "customer:1\n",
  '"organisation:0"\n',
  '"organisation:01"\n',
  '"user:1234567890123456"\n',
  '"user:5"',
  '"user:',
  '{"subject":"user:5"}\n',
  "\u{0}\n",
  '"\n',
);

const kinds = ["customer", "organisation", "user"] as const;

/** Three answers by turns, another one for whoever is unknown. */
function asked(of: readonly SubjectKind[]): Ready {
  return {
    answers: [],
    kinds: of,
    answerAt: (place) => place % 3,
    answersAt: answersOf((place) => place % 3),
    answerToUnknown: 3,
    prepare: () => true,
    hasFrequencies: false,
    sendersOn: () => undefined,
    pages: 0,
    count: () => ({ count: 0 }),
  };
}

function answersOf(answerAt: (place: number) => number): Ready["answersAt"] {
  return (places, count, answers) => {
    for (const [index, place] of places.subarray(0, count).entries()) {
      answers[index] = place === 0 ? 3 : answerAt(place - 1);
    }
  };
}

/** What may stand around a subject in its line. */
const around = fc.constantFrom<[string, string]>(["", "\n"], ["", "\r\n"], [" ", "\n"], ["    ", "\r\n"]);

/** Behind what is written there may be as much again that was moved with it. */
const moved = 8;

const before = '{"of":"';
const after = ["", "a", "frequency ✓", "unknown, and somewhat longer"].map((text) => `":"${text}"}\n`);
const texts = { before: Buffer.from(before), after: after.map((text) => Buffer.from(text)) };

function answered(known: ReadonlyMap<Subject, number>, one: Subject): string {
  const place = known.get(one);
  return `${before}${one}${after[place === undefined ? 3 : place % 3] ?? ""}`;
}

function tableOf(known: ReadonlyMap<Subject, number>): SubjectTable {
  const table = new SubjectTable();
  for (const [one, place] of known) table.add(one, place);
  return table;
}

describe("lines with a subject each", () => {
  it("are answered up to the first that is anything else, whole lines of input for whole lines of output", () => {
    const given = {
      subjects: fc.array(subject, { maxLength: 150 }),
      repeat: fc.integer({ min: 1, max: 3 }),
      odd: oddLine,
      rest: fc.constantFrom("", '"customer:7"\n'),
      room: fc.integer({ min: 0, max: 3000 }),
      of: fc.subarray([...kinds]),
      around,
    };
    fc.assert(
      fc.property(fc.record(given), ({ subjects, repeat, odd, rest, room, of, around: [space, end] }) => {
        const known = new Map(subjects.flatMap((one, index) => (index % 4 === 0 ? [] : [[one, index] as const])));
        const asks = Array.from({ length: repeat }, () => subjects).flat();
        const input = Buffer.from(`${asks.map((one) => `${space}${JSON.stringify(one)}${end}`).join("")}${odd}${rest}`);
        const output = Buffer.alloc(room);
        const progress = new LineAnswers(tableOf(known), asked(of), texts).answer(input, output);
        const right = rightAnswers(input, known, of, room);
        assert.equal(output.toString("utf8", 0, progress.written), right.text);
        assert.deepEqual([progress.read, progress.lines], [right.read, right.lines]);
      }),
      { numRuns: 500 },
    );
  });

  it("go on where they ended when the output was full", () => {
    fc.assert(
      fc.property(fc.array(subject, { maxLength: 200 }), fc.integer({ min: 80, max: 400 }), (subjects, room) => {
        const known = new Map(subjects.map((one, index) => [one, index] as const));
        const answers = new LineAnswers(tableOf(known), asked(kinds), texts);
        const input = Buffer.from(subjects.map((one) => `"${one}"\n`).join(""));
        let [read, written] = [0, ""];
        while (read < input.length) {
          const output = Buffer.alloc(room);
          const progress = answers.answer(input.subarray(read), output);
          assert.ok(progress.lines > 0);
          read += progress.read;
          written += output.toString("utf8", 0, progress.written);
        }
        assert.equal(written, subjects.map((one) => answered(known, one)).join(""));
      }),
    );
  });

  it("have the right one of very many answers", () => {
    const many = Array.from({ length: 1006 }, (_, answer) => answer);
    const table = tableOf(new Map(many.map((place) => [customer(`${place}`), place] as const)));
    const ready: Ready = { ...asked(kinds), answersAt: answersOf((place) => place) };
    const after = many.map((answer) => Buffer.from(` ${answer}\n`));
    const input = Buffer.from(many.map((place) => `"customer:${place}"\n`).join(""));
    const output = Buffer.alloc(100_000);
    const { written } = new LineAnswers(table, ready, { before: Buffer.alloc(0), after }).answer(input, output);
    const right = many.map((place) => `customer:${place} ${place}\n`);
    assert.equal(output.toString("latin1", 0, written), right.join(""));
  });
});

/** The same, said with texts. */
function rightAnswers(input: Buffer, known: ReadonlyMap<Subject, number>, of: readonly SubjectKind[], room: number) {
  let [read, lines, text] = [0, 0, ""];
  for (const line of input.toString().split(/(?<=\n)/)) {
    const name = /^ *"([^"\\]*)"\r?\n$/.exec(line)?.[1];
    const one = name === undefined ? undefined : readSubject(name);
    if (one === undefined || !of.some((kind) => one.startsWith(kind))) break;
    const answer = answered(known, one);
    if (Buffer.byteLength(text + answer) + moved > room) break;
    text += answer;
    read += Buffer.byteLength(line);
    lines += 1;
  }
  return { read, lines, text };
}
