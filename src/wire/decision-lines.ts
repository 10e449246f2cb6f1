import Type from "typebox";
import type { AskedInBatch, AskedOfMany, BatchWishes, BriefAnswer } from "../service/decide-batch.ts";
import type { Decision } from "../service/decide.ts";
import type { BriefDecision, LineTexts } from "../service/decision-index.ts";
import { address, decisionAnswer, printDecision, questionMembers, reason, verdict } from "./decisions.ts";
import { jsonShape, readJson } from "./json-shape.ts";
import { flag, object, printed, text } from "./members.ts";
import { plainShape, type Reading, type Shape } from "./shape.ts";

/** The two forms of a batch: one question of many subjects, or a question a line. */
export type BatchForm = "a question a line" | "one question";

const wishes = {
  at: Type.Optional(text("For which instant it is asked, RFC 3339; now, if left out", "2026-03-03T14:05:00Z")),
  explain: Type.Optional(
    flag("Whether each answer is the whole one that a single question gets, and how it came about"),
  ),
  addresses: Type.Optional(flag("Whether each answer says where to send it")),
};

/** The first line of a batch that asks one question of many. */
export const batchQuestion: Shape<{ readonly question: AskedOfMany }> = plainShape({
  name: "BatchQuestion",
  schema: object({ ...questionMembers, ...wishes }),
  root: "question",
});

/** Every other line of it: of whom it is asked. */
export const batchSubject = jsonShape("BatchSubject", printed("Of whom it is asked", "customer:123456789"));

/** A line of a batch in which each asks its own question. */
export const questionLine: Shape<AskedInBatch> = plainShape({
  name: "QuestionLine",
  schema: object({ subject: text("Of whom it is asked", "customer:123456789"), ...questionMembers, ...wishes }),
});

/** The answer to a line. */
export const decisionLine = jsonShape(
  "DecisionLine",
  object({
    subject: printed("Of whom it was asked", "customer:123456789"),
    verdict,
    reason,
    addresses: Type.Optional(Type.Array(address, { description: "With `addresses`: where to send it" })),
    frequency: Type.Optional(printed("With `matched`: how often such items are sent", "Daily")),
  }),
);

/** The names of what a line may be, and of what may answer it. */
export const batchLines: readonly string[] = [batchQuestion, batchSubject, questionLine].map(({ name }) => name);
export const batchAnswers: readonly string[] = [decisionLine, decisionAnswer].map(({ name }) => name);

/** What stands around a subject's name in its answer: the same as is printed of one, made ready for millions. */
export function decisionTexts(answers: readonly BriefDecision[]): LineTexts {
  const before = '{"subject":"';
  const after = answers.map((answer) => printBrief({ subject: "customer:0", ...answer }));
  const begin = before.length + "customer:0".length;
  return { before: Buffer.from(before), after: after.map((line) => Buffer.from(line.slice(begin))) };
}

/** The line that answers from the index. */
export function printBrief(answer: BriefAnswer): string {
  return `${decisionLine.print(answer, "json")}\n`;
}

/** The line that answers from the store, as much of it as was wished for. */
export function printWished(
  decision: BriefAnswer | Decision,
  { explain = false, addresses = false }: BatchWishes,
): string {
  if (explain) return `${printDecision(decision, true)}\n`;
  const { subject, verdict: said, reason: because } = decision;
  const brief = { subject, verdict: said, reason: because };
  if (!("selections" in decision)) {
    const { frequency } = decision;
    return printBrief({ ...brief, ...(frequency !== undefined && { frequency }) });
  }
  const found = addresses && decision.addresses.length > 0 ? { addresses: decision.addresses } : {};
  return `${decisionLine.print({ ...brief, ...found }, "json")}\n`;
}

/** The text of a line that is one JSON string, or what is wrong with it. */
export function readSubjectLine(bytes: Uint8Array): Reading<string> {
  const reading = readJson(bytes);
  if ("faults" in reading) return { faults: reading.faults };
  if (typeof reading.value === "string") return { value: reading.value };
  return wrong('must be a JSON string that names a subject, such as "customer:123456789"');
}

/** What the first line of a batch tells of all of them, or why it does not. */
export function readForm(bytes: Uint8Array): Reading<BatchForm> {
  const reading = readJson(bytes);
  if ("faults" in reading) return { faults: reading.faults };
  const { value } = reading;
  const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
  if (!isObject) return wrong('the first line must be {"question":{…}}, or a whole question like every other');
  return { value: Object.hasOwn(value, "question") ? "one question" : "a question a line" };
}

function wrong(message: string): Reading<never> {
  return { faults: [{ problem: "value-invalid", path: [], message }] };
}
