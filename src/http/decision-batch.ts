import type { Fault } from "../domain/fault.ts";
import { limits } from "../domain/limits.ts";
import {
  askOfMany,
  BatchMoment,
  type Batching,
  type BatchWishes,
  briefly,
  faultsInBatch,
  faultsOfMany,
  type IndexBatch,
  type StoreBatch,
} from "../service/decide-batch.ts";
import type { Asking, LineTexts } from "../service/decision-index.ts";
import { nextTurn } from "../service/turns.ts";
import {
  type BatchForm,
  batchQuestion,
  decisionTexts,
  printBrief,
  printWished,
  questionLine,
  readForm,
  readSubjectLine,
} from "../wire/decision-lines.ts";
import { readBody, refuseRejected, type Sent } from "./body.ts";
import type { Links } from "./links.ts";
import { sentIn } from "./line-body.ts";
import { type Line, LineBuffer, LineReader } from "./ndjson.ts";
import { lineAround, refusedLine } from "./problem-answer.ts";
import { Query } from "./query.ts";
import { type Call, Refusal, type StreamedAnswer } from "./route.ts";

interface Batch {
  readonly deps: Batching;
  readonly links: Links;
  readonly lines: LineReader;
  /** The first line that has no answer yet. */
  from: number;
}

/**
 * Answers a batch: one question of many subjects, or a question a line; its first line tells which.
 *
 * @throws Refusal when the first line does not tell, or holds one question of many and is wrong
 */
export async function answerBatch(deps: Batching, links: Links, call: Call): Promise<StreamedAnswer> {
  new Query(call).takeOnly().refuseFaults();
  // The time that counts is when the batch began.
  const began = deps.now();
  const batch: Batch = { deps: { ...deps, now: () => began }, links, lines: new LineReader(call), from: 1 };
  const { lines, headers = {} } = await begin(batch).catch((error: unknown) => {
    batch.lines.close();
    throw error;
  });
  return {
    status: 200,
    type: call.type,
    headers: { ...headers, "cache-control": "no-store" },
    lines,
    lastLine: (problem) => lineAround(batch.from, problem),
  };
}

async function begin(batch: Batch): Promise<Pick<StreamedAnswer, "headers" | "lines">> {
  const { deps, lines } = batch;
  const first = await firstLine(lines);
  if (first?.form !== "one question") {
    if (first !== undefined) lines.putBack();
    return { lines: inBuffers(batch, (out) => answerQuestions(batch, out)) };
  }
  const { question } = await readBody(batchQuestion, first.sent, (salvaged) => faultsOfMany(deps, salvaged.question));
  const outcome = await askOfMany(deps, question);
  if ("rejected" in outcome) throw refuseRejected(outcome.rejected, batchQuestion, first.sent);
  if ("store" in outcome.value) {
    const { store } = outcome.value;
    return { lines: inBuffers(batch, (out) => answerFromStore(batch, out, store, question)) };
  }
  const { index } = outcome.value;
  const answers = inBuffers(batch, (out) => answerFromIndex(batch, out, index));
  return { headers: { "saywhen-change": String(index.change) }, lines: answers };
}

/** When the answer is over, however it ends, all of it that was to be sent is on its way: its buffers are free. */
async function* inBuffers(
  { lines }: Batch,
  answer: (out: LineBuffer) => AsyncGenerator<Buffer, void>,
): AsyncGenerator<Buffer, void> {
  const out = new LineBuffer();
  try {
    yield* answer(out);
  } finally {
    lines.close();
    out.close();
  }
}

async function firstLine(lines: LineReader): Promise<{ readonly form: BatchForm; readonly sent: Sent } | undefined> {
  let line: Line | undefined;
  while (line === undefined && (await lines.more())) line = lines.take();
  if (line === undefined) return undefined;
  const sent = sentIn(line);
  const reading = readForm(sent.body);
  if ("faults" in reading) throw refusalOfLine(reading.faults);
  return { form: reading.value, sent };
}

/** The hot path: whole stretches of lines are answered by the index at once, and only odd ones are looked at here. */
async function* answerFromIndex(batch: Batch, out: LineBuffer, index: IndexBatch): AsyncGenerator<Buffer, void> {
  const { lines } = batch;
  const textsOf = keptTexts();
  while (await moreLines(batch)) {
    const asking = await index.asking();
    const texts = textsOf(asking.answers);
    await nextTurn();
    const until = performance.now() + limits.sliceMs;
    do {
      const { read, lines: count, written } = asking.answerLines(lines.whole, out.room, texts);
      lines.skip(read, count);
      out.wrote(written);
      if (out.isFull) break;
      const odd = lines.take();
      if (odd !== undefined) yield* out.put(answered(batch, odd, () => answerOdd(index, asking, odd)));
    } while (lines.hasWhole && performance.now() < until);
    if (!out.isEmpty) yield out.take();
  }
}

/** By the list of answers, of which there is one for all questions about contact. */
const knownTexts = new WeakMap<Asking["answers"], LineTexts>();

/** Making the texts takes longer than to see that they are the same as before. */
function keptTexts(): (answers: Asking["answers"]) => LineTexts {
  let kept: { readonly key: string; readonly texts: LineTexts } | undefined;
  return (answers) => {
    const known = knownTexts.get(answers);
    if (known !== undefined) return known;
    const key = JSON.stringify(answers);
    const texts = kept?.key === key ? kept.texts : decisionTexts(answers);
    kept = { key, texts };
    knownTexts.set(answers, texts);
    return texts;
  };
}

function answerOdd(index: IndexBatch, asking: Asking, line: Line): string {
  const named = index.named(subjectIn(line));
  if ("fault" in named) throw refusalOfLine([named.fault]);
  return printBrief(briefly(asking, named.subject));
}

function answerFromStore(
  batch: Batch,
  out: LineBuffer,
  store: StoreBatch,
  wishes: BatchWishes,
): AsyncGenerator<Buffer, void> {
  return answerEach(batch, out, () => async (line) => {
    const outcome = await store.answer(subjectIn(line));
    if ("rejected" in outcome) throw refusalOfLine(outcome.rejected.faults);
    return printWished(outcome.value, wishes);
  });
}

function answerQuestions(batch: Batch, out: LineBuffer): AsyncGenerator<Buffer, void> {
  const { deps } = batch;
  return answerEach(batch, out, () => {
    const moment = new BatchMoment(deps);
    return async (line) => {
      const sent = sentIn(line);
      const asked = await readBody(questionLine, sent, (salvaged) => faultsInBatch(deps, salvaged));
      const outcome = await moment.decide(asked);
      if ("rejected" in outcome) throw refuseRejected(outcome.rejected, questionLine, sent);
      return printWished(outcome.value, asked);
    };
  });
}

/** @param answering begins a part of the batch: what one part has read of the index is too old for the next */
async function* answerEach(
  batch: Batch,
  out: LineBuffer,
  answering: () => (line: Line) => Promise<string>,
): AsyncGenerator<Buffer, void> {
  while (await moreLines(batch)) {
    await nextTurn();
    for (const text of await allOf(beginAnswers(batch, answering()))) yield* out.put(text);
    if (!out.isEmpty) yield out.take();
  }
}

/** As Promise.all, but that none is still at its line when one fails: the bytes of lines are used again. */
async function allOf(answers: readonly Promise<string>[]): Promise<string[]> {
  await Promise.allSettled(answers);
  return Promise.all(answers);
}

/** Several at a time: as many as are begun within a slice, for a storage may do all its work then and there. */
function beginAnswers(batch: Batch, answer: (line: Line) => Promise<string>): Promise<string>[] {
  const until = performance.now() + limits.sliceMs;
  const begun: Promise<string>[] = [];
  do {
    const line = batch.lines.take();
    if (line === undefined) break;
    begun.push(answeredLater(batch, line, answer));
  } while (begun.length < limits.batchReads && performance.now() < until);
  return begun;
}

function moreLines(batch: Batch): Promise<boolean> {
  batch.from = batch.lines.line + 1;
  return batch.lines.more();
}

function answered(batch: Batch, line: Line, answer: () => string): string {
  try {
    return answer();
  } catch (error) {
    return refused(batch, line, error);
  }
}

async function answeredLater(batch: Batch, line: Line, answer: (line: Line) => Promise<string>): Promise<string> {
  try {
    return await answer(line);
  } catch (error) {
    return refused(batch, line, error);
  }
}

/** A line that is wrong is answered with what is wrong; the rest go on. */
function refused({ links }: Batch, { number }: Line, error: unknown): string {
  if (error instanceof Refusal) return refusedLine(number, error, links);
  throw error;
}

function subjectIn(line: Line): string {
  const reading = readSubjectLine(sentIn(line).body);
  if ("faults" in reading) throw refusalOfLine(reading.faults);
  return reading.value;
}

/** Of a line that holds nothing but one text: whatever is wrong with it is wrong with the line. */
function refusalOfLine(faults: readonly Fault[]): Refusal {
  const isUnread = faults.find(({ problem }) => problem === "body-malformed");
  return new Refusal(
    isUnread?.problem ?? "invalid",
    faults.map(({ problem, message }) => ({ problem, place: "", message })),
  );
}
