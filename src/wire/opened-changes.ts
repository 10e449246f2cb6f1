import Type from "typebox";
import type { Change } from "../domain/change.ts";
import type { SubjectExport } from "../service/export-subject.ts";
import type { Opening } from "../service/store.ts";
import { jsonShape } from "./json-shape.ts";
import { count, object, printed } from "./members.ts";
import { suppressionOfAddress } from "./suppressions.ts";

// What is held, to the letter: changes as they were hashed, each with the salt that opens its commitment.

const time = "2026-03-03T14:05:00.123Z";
const position = count("Its position in the log", 42);
const salt = printed("32 bytes in base64", "jR5ZxXyG0mC1mJ0eN7Yk0i9l1mPzJm8gq3w0o5c2b1E=");
const document = Type.Unknown({ description: "The state of its subject that it made, whole" });
const change = object({
  actor: printed("Who the client says did it", "johnm"),
  at: printed("When it was recorded", time),
  client: printed("The ClientId of the program that sent it", "crm"),
  document,
  evidence: Type.Optional(Type.Record(Type.String(), Type.Unknown(), { description: "What was shown and said" })),
  kind: printed("What it was about", "preferences"),
  stream: printed("The line of changes that it belongs to", "customer:123456789"),
  trackingId: Type.Optional(printed("The sender's own id of the request", "12")),
});
const state = object({ change: position, document });
const heldChange = object({ position, salt, change, receipt: printed("Where its receipt is", "/v1/…") });

/** A change with what opens its commitment: what a verifier of receipts wants besides the receipt. */
export const changeOpening = jsonShape("ChangeOpening", object({ position, salt, change }));

/** Everything that is held about a subject. */
export const subjectExport = jsonShape(
  "SubjectExport",
  object({
    subject: printed("Whose it is", "customer:123456789"),
    exportedAt: printed("When this was put together", time),
    preferences: Type.Optional({ ...state, description: "What it has chosen now; absent when that is nothing" }),
    entry: Type.Optional({ ...state, description: "Its entry in the directory; absent when there is none" }),
    changes: Type.Array(heldChange, { description: "Every change of it, the oldest first" }),
    addresses: Type.Array(Type.String(), { description: "Every address that it has or had, in its normal form" }),
    suppressions: Type.Array(suppressionOfAddress.schema, { description: "What stops any of these addresses now" }),
    evidence: Type.Array(heldChange, {
      description: "What was shown or said when any of them was stopped, and when that was lifted",
    }),
  }),
);

/** What has become of a subject that was erased. */
export const erasedSubject = jsonShape(
  "ErasedSubject",
  object({
    change: count("The position of the change that records the erasure", 42),
    erased: count("How many changes lost all that they said", 12),
  }),
);

/** The text of the change stands there as it is stored, which is canonical JSON (RFC 8785). */
export function printOpening(opening: Opening): string {
  return `{${openingMembers(opening)}}`;
}

/** The lines of an export, without their ends: together one JSON value, of which one change at a time is in memory. */
export async function* printExport(whole: SubjectExport): AsyncGenerator<string> {
  const { subject, exportedAt, preferences, entry, changes, addresses, suppressions, evidence } = whole;
  const head = { subject, exportedAt, preferences: stateOf(preferences), entry: stateOf(entry) };
  yield `${JSON.stringify(head).slice(0, -1)},"changes":[`;
  yield* listed(changes, printHeld);
  yield `],"addresses":${JSON.stringify([...addresses])},"suppressions":[`;
  yield* listed(suppressions, (stop) => suppressionOfAddress.print(stop, "json"));
  yield '],"evidence":[';
  yield* listed(evidence, printHeld);
  yield "]}";
}

/** The members of a JSON array, a line each. */
async function* listed<Value>(values: AsyncIterable<Value>, print: (value: Value) => string): AsyncGenerator<string> {
  let before: string | undefined;
  for await (const value of values) {
    if (before !== undefined) yield `${before},`;
    before = print(value);
  }
  if (before !== undefined) yield before;
}

function printHeld(opening: Opening): string {
  return `{${openingMembers(opening)},"receipt":"/v1/changes/${opening.change.position}/receipt"}`;
}

function openingMembers({ change: { position: at }, salt: bytes, text }: Opening): string {
  return `"position":${at},"salt":"${bytes.toString("base64")}","change":${text}`;
}

function stateOf(newest: Change | undefined): { readonly change: number; readonly document: unknown } | undefined {
  return newest && { change: newest.position, document: newest.document };
}
