import { limits } from "../domain/limits.ts";
import { type SuppressOne, suppressing, suppressionFaults, type Suppressions } from "../service/suppress-address.ts";
import { nextTurn } from "../service/turns.ts";
import { suppressionLine, suppressionWish } from "../wire/suppressions.ts";
import { actOf } from "./act.ts";
import { readBody, refuseRejected } from "./body.ts";
import type { Links } from "./links.ts";
import { sentIn } from "./line-body.ts";
import { type Line, LineBuffer, LineReader } from "./ndjson.ts";
import { lineAround, refusedLine } from "./problem-answer.ts";
import { Query } from "./query.ts";
import { type Call, Refusal, type StreamedAnswer } from "./route.ts";

interface Bulk {
  readonly suppressions: Suppressions;
  readonly links: Links;
  readonly call: Call;
  readonly lines: LineReader;
  /** The first line that is not answered. */
  from: number;
}

/** What became of a line: its answer, or what nobody expected of it. */
type Answered = { readonly line: number } & ({ readonly text: string } | { readonly error: unknown });

/**
 * Stops an address a line, and answers each with what a single one gets. A line that is wrong is answered with what is
 * wrong, and the rest go on. What is answered was recorded; of what is not, nobody can tell, and it may be sent again.
 *
 * @param links for the problems in lines
 */
export function suppressLines(suppressions: Suppressions, links: Links, call: Call): StreamedAnswer {
  new Query(call).takeOnly().refuseFaults();
  const bulk: Bulk = { suppressions, links, call, lines: new LineReader(call), from: 1 };
  return {
    status: 200,
    type: call.type,
    headers: { "cache-control": "no-store" },
    lines: answerLines(bulk),
    lastLine: (problem) => lineAround(bulk.from, problem),
  };
}

async function* answerLines(bulk: Bulk): AsyncGenerator<Buffer, void> {
  const { suppressions, call, lines } = bulk;
  const act = actOf(call);
  const out = new LineBuffer();
  while (await lines.more()) {
    const suppressOne = await suppressing(suppressions, act);
    for (const answered of await Promise.all(await beginSome(bulk, suppressOne))) {
      bulk.from = answered.line;
      if ("error" in answered) {
        if (!out.isEmpty) yield out.take();
        throw answered.error;
      }
      yield* out.put(answered.text);
    }
    bulk.from = lines.line + 1;
    if (!out.isEmpty) yield out.take();
  }
}

/** Begins what has come, in its order: many go into one transaction, and none waits for the next to arrive. */
async function beginSome(bulk: Bulk, suppressOne: SuppressOne): Promise<readonly Promise<Answered>[]> {
  const begun: Promise<Answered>[] = [];
  let until = 0;
  while (begun.length < limits.suppressionsAtOnce) {
    if (performance.now() >= until) {
      await nextTurn();
      until = performance.now() + limits.sliceMs;
    }
    const line = bulk.lines.take();
    if (line === undefined) break;
    begun.push(answerTo(bulk, suppressOne, line));
  }
  return begun;
}

async function answerTo({ suppressions, links }: Bulk, suppressOne: SuppressOne, line: Line): Promise<Answered> {
  const { number } = line;
  try {
    const sent = sentIn(line);
    const asked = await readBody(suppressionWish, sent, (salvaged) => suppressionFaults(suppressions, salvaged));
    const outcome = await suppressOne(asked);
    if ("rejected" in outcome) throw refuseRejected(outcome.rejected, suppressionWish, sent);
    const { suppression, change, isNew } = outcome.value;
    return { line: number, text: `${suppressionLine.print({ ...suppression, change, new: isNew }, "json")}\n` };
  } catch (error) {
    return error instanceof Refusal
      ? { line: number, text: refusedLine(number, error, links) }
      : { line: number, error };
  }
}
