import assert from "node:assert/strict";
import { describe, it, type TestContext } from "node:test";
import fc from "fast-check";
import { subjectKeyBytes } from "../../src/domain/subject-key.ts";
import type { ChangeCode } from "../../src/service/change-code.ts";
import {
  type AnyStore,
  change,
  committed,
  erase,
  type Exemptions,
  put,
  saveCodes,
  sentences,
  streamOf,
} from "./store-support.ts";

/** Everything that is answered: codes, and changes by their places and positions. */
interface Everything {
  readonly codes: readonly ChangeCode[];
  readonly changes: readonly (readonly [place: number, position: number])[];
}

async function everything(store: AnyStore): Promise<Everything> {
  const codes: ChangeCode[] = [];
  const changes: [number, number][] = [];
  for await (const page of store.everyCoded()) {
    codes.push(...codesIn(Buffer.from(page.codes)));
    changes.push(...page.changes.map(({ place, change }): [number, number] => [place, change.position]));
  }
  return { codes, changes };
}

function* codesIn(bytes: Buffer): Generator<ChangeCode> {
  for (let at = 0; at < bytes.length; ) {
    const [head = "", ...numbers] = /^(\d+) (\d+) (\d+) /.exec(bytes.toString("latin1", at, at + 60)) ?? [];
    const [place = -1, position = -1, length = -1] = numbers.map(Number);
    at += head.length;
    const [name, said] = [
      bytes.subarray(at, at + subjectKeyBytes),
      bytes.subarray(at + subjectKeyBytes).subarray(0, length),
    ];
    yield { place, position, name, said };
    at += subjectKeyBytes + said.length;
  }
}

/** A code of a change, or of none. */
function coded(place: number, position: number, said = `said ${position}`): ChangeCode {
  return { place, position, name: Buffer.alloc(subjectKeyBytes, `${place}`), said: Buffer.from(said) };
}

/** What every storage has to do with the codes of changes: the sentences of src/service/code-store.ts. */
export function codeStoreContract(
  name: string,
  open: (test: TestContext) => Promise<AnyStore>,
  exempt: Exemptions,
): void {
  const says = sentences("code-store.ts", exempt);

  /** A store with so many streams, of one change each, in their order. */
  async function filled(test: TestContext, count: number): Promise<AnyStore> {
    const store = await open(test);
    await Promise.all(Array.from({ length: count }, (_, index) => put(store, `customer:${index}`, "a")));
    return store;
  }

  describe(`${name}: codes`, () => {
    says(
      "Every stream with the code of its newest change, or with that change where no code of it is kept; in the order of " +
        "the places, read in pieces, so that writes go on meanwhile. Streams that were erased before their piece was " +
        "read are left out.",
      async (test) => {
        const store = await filled(test, 2400);
        const places = Array.from({ length: 2400 }, (_, index) => index + 1);
        // None of the first, all of those in the middle, two of three at the end.
        const isKept = (place: number) => place > 700 && (place < 1800 || place % 3 > 0);
        await saveCodes(
          store,
          places.filter(isKept).map((place) => coded(place, place - 1)),
        );
        const [erased, erasedMeanwhile, movedMeanwhile] = [900, 2390, 2395];
        await erase(store, streamOf(`customer:${erased - 1}`));
        const found: number[] = [];
        for await (const { codes, changes } of store.everyCoded()) {
          if (found.length === 0) {
            await erase(store, streamOf(`customer:${erasedMeanwhile - 1}`));
            await put(store, `customer:${movedMeanwhile - 1}`, "b");
          }
          const coming = [...codesIn(Buffer.from(codes))].map((code) => {
            const { place } = code;
            assert(isKept(place) && place !== movedMeanwhile);
            assert.deepEqual(code, coded(place, place - 1));
            return place;
          });
          for (const [index, place] of coming.entries()) assert(index === 0 || place > (coming[index - 1] ?? 0));
          for (const { place, change } of changes) {
            if (place > 2400) continue;
            assert(!isKept(place) || place === movedMeanwhile);
            assert.equal(change.stream, `customer:${place - 1}`);
            assert.equal(change.position > 2400, place === movedMeanwhile);
          }
          const all = [...coming, ...changes.map(({ place }) => place)].sort((one, other) => one - other);
          assert((all[0] ?? 0) > (found.at(-1) ?? 0));
          found.push(...all);
        }
        assert.deepEqual(found, [
          ...places.filter((place) => ![erased, erasedMeanwhile].includes(place)),
          2401, // The stream of erasures.
        ]);
      },
    );

    says("The others, in the order of the places.", async (test) => {
      const store = await filled(test, 5);
      assert.deepEqual(await everything(store), { codes: [], changes: [0, 1, 2, 3, 4].map((at) => [at + 1, at]) });
      await saveCodes(store, [coded(2, 1), coded(4, 3)]);
      const { changes } = await everything(store);
      assert.deepEqual(
        changes,
        [0, 2, 4].map((at) => [at + 1, at]),
      );
    });

    says(
      "Those of which a code is kept, one behind the other: place, position of the newest change, and length of " +
        "what the code says, as decimal numbers with a space behind each; the name; what it says.",
      async (test) => {
        const store = await filled(test, 4);
        const bytes = fc.uint8Array({ minLength: subjectKeyBytes, maxLength: subjectKeyBytes });
        const everyByte = Uint8Array.from({ length: 256 }, (_, byte) => byte);
        const said = fc.oneof(fc.uint8Array({ maxLength: 40 }), fc.constantFrom(everyByte, new Uint8Array(0)));
        const one = fc.record({ name: fc.oneof(bytes, fc.constant(new Uint8Array(subjectKeyBytes))), said });
        const property = fc.asyncProperty(fc.array(one, { minLength: 4, maxLength: 4 }), async (kept) => {
          const codes = kept.map((code, at) => ({ place: at + 1, position: at, ...code }));
          await saveCodes(store, codes);
          const asBuffers = codes.map(({ place, position, name, said }) => {
            return { place, position, name: Buffer.from(name), said: Buffer.from(said) };
          });
          assert.deepEqual(await everything(store), { codes: asBuffers, changes: [] });
        });
        await fc.assert(property, { numRuns: 60, endOnFailure: true });
        await saveCodes(store, [{ ...coded(3, 2), said: Buffer.alloc(1_000_000, "long ") }]);
        assert.equal((await everything(store)).codes[2]?.said.length, 1_000_000);
      },
    );

    says("Keeps codes.", async (test) => {
      const store = await filled(test, 4);
      const [moved, anew] = [change(await put(store, "customer:0", "b")), coded(4, 3, "anew")];
      await store.saveCodes([]);
      await saveCodes(store, [coded(4, 3)]);
      assert.deepEqual((await everything(store)).codes, [coded(4, 3)]);
      // Later than those behind them, once more, and in any order.
      await saveCodes(store, [anew, coded(1, moved.position), coded(3, 2)]);
      const all = [coded(1, moved.position), coded(3, 2), anew];
      assert.deepEqual(await everything(store), { codes: all, changes: [[2, 1]] });
      await erase(store, streamOf("customer:3"));
      const { position } = change(await put(store, "customer:3", "b"));
      await saveCodes(store, [coded(6, position)]);
      assert.deepEqual((await everything(store)).codes.at(-1), coded(6, position));
    });

    says(
      "One of a change that is not its stream's newest any more, or not in the log, or whose stream was erased, is not kept.",
      async (test) => {
        const [store, other] = [await filled(test, 4), await filled(test, 4)];
        const first = [coded(1, 0), coded(2, 1), coded(3, 2), coded(4, 3)];
        const lost = first.map(({ place, position }) => coded(place, position, "lost"));
        const position = change(await put(store, "customer:0", "b")).position;
        await erase(store, streamOf("customer:1"));
        const changes = [
          [1, position],
          [3, 2],
          [4, 3],
          [5, position + 1],
        ];
        // Salts are random: to the other log's changes in the same positions these are as those that a database, set back, lost.
        await store.saveCodes(await committed(other, lost));
        await saveCodes(store, [coded(99, 3), coded(3, position)]);
        await store.saveCodes([{ ...coded(4, 4711), commitment: Buffer.alloc(32) }]);
        assert.deepEqual(await everything(store), { codes: [], changes });
        await saveCodes(store, first);
        await store.saveCodes(await committed(other, lost));
        assert.deepEqual(await everything(store), {
          codes: [coded(3, 2), coded(4, 3)],
          changes: changes.filter(([place]) => place === 1 || place === 5),
        });
        const moved = change(await put(store, "customer:2", "b")).position;
        await erase(store, streamOf("customer:3"));
        await saveCodes(store, [coded(3, 2), coded(4, 3)]);
        assert.deepEqual((await everything(store)).codes, []);
        await saveCodes(store, [coded(3, moved), coded(3, 2)]);
        assert.deepEqual((await everything(store)).codes, [coded(3, moved)]);
      },
    );

    it("keeps none of a change that was overtaken, or erased, while codes are kept", async (test) => {
      const store = await filled(test, 700);
      const subjects = Array.from({ length: 300 }, (_, index) => `customer:${index}`);
      const made = Array.from({ length: 700 }, (_, index) => coded(index + 1, index));
      const codes = await committed(store, made);
      // From both ends.
      const [saving, again] = [store.saveCodes(codes), store.saveCodes(codes.toReversed())];
      const answers = await Promise.all(subjects.map((subject) => put(store, subject, "b")));
      await erase(store, streamOf("customer:650"));
      await Promise.all([saving, again]);
      const kept = await everything(store);
      assert.deepEqual(
        kept.changes.slice(0, 300),
        answers.map((answer, index) => [index + 1, change(answer).position]),
      );
      assert.deepEqual(
        kept.codes,
        made.filter(({ place }) => place > 300 && place !== 651),
      );
      await saveCodes(
        store,
        answers.map((answer, index) => coded(index + 1, change(answer).position)),
      );
      assert.equal((await everything(store)).codes.length, 699);
    });
  });
}
