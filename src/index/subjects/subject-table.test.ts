import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { customer, organisation, type Subject, user } from "../../domain/subject.ts";
import { nameBytes } from "../../domain/subject-key.ts";
import { SubjectTable } from "./subject-table.ts";

const digits = fc.string({ unit: fc.constantFrom(..."0123456789"), minLength: 1, maxLength: 20 });
const id = fc.oneof(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 999_999_999_999_999 }));
const subject: fc.Arbitrary<Subject> = fc.oneof(
  fc.oneof(digits, fc.constantFrom("0", "00", "000000000", "1", "10", "100")).map(customer),
  id.map(organisation),
  id.map(user),
);

describe("a table of subjects", () => {
  it("finds each subject at the first place that it was given, and its name at the place", () => {
    fc.assert(
      fc.property(fc.array(subject, { maxLength: 60 }), (subjects) => {
        const table = new SubjectTable();
        const first = new Map<Subject, number>();
        for (const [place, one] of subjects.entries()) {
          if (!first.has(one)) first.set(one, 1000 * place);
          assert.equal(table.add(one, 1000 * place), first.get(one));
        }
        assert.equal(table.size, first.size);
        for (const [one, place] of first) {
          assert.equal(table.placeOf(one), place);
          assert.equal(table.subjectAt(place), one);
          assert.equal(table.kindAt(place), one.split(":")[0]);
        }
      }),
    );
  });

  it("forgets a subject, and only that one", () => {
    fc.assert(
      fc.property(fc.uniqueArray(subject, { minLength: 1, maxLength: 60 }), ([gone, ...kept]) => {
        assert.ok(gone !== undefined);
        const table = new SubjectTable();
        for (const [place, one] of [gone, ...kept].entries()) table.add(one, place);
        assert.equal(table.remove(0), true);
        assert.equal(table.remove(0), false);
        assert.equal(table.placeOf(gone), undefined);
        assert.equal(table.subjectAt(0), undefined);
        for (const [index, one] of kept.entries()) assert.equal(table.placeOf(one), index + 1);
      }),
    );
  });

  it("writes the longest name within its bytes", () => {
    const table = new SubjectTable();
    const name = Buffer.alloc(nameBytes, "-");
    table.add(organisation(999_999_999_999_999), 1);
    table.add(customer("00000000000000000001"), 2);
    assert.equal(name.toString("latin1", 0, table.writeName(1, name, 0)), "organisation:999999999999999");
    assert.equal(name.toString("latin1", 0, table.writeName(2, name, 0)), "customer:00000000000000000001");
  });
});
