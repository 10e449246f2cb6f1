import assert from "node:assert/strict";
import type { Fault } from "../domain/fault.ts";
import { readInstant } from "../domain/instant.ts";
import { type AskedQuestion, checkQuestion } from "../domain/question.ts";
import {
  type AskedDecision,
  addressFaults,
  type Decision,
  type Deciding,
  decide,
  decideAt,
  questionFaults,
  readAskedTime,
  readNamed,
} from "./decide.ts";
import type { Asking, BriefDecision, DecisionIndex, Known } from "./decision-index.ts";
import { HeldQuestion } from "./held-question.ts";
import { type Outcome, rejected } from "./outcome.ts";

/** What batches are answered with. Its clock stands still while one is: the time that counts is when it began. */
export interface Batching extends Deciding {
  readonly index: DecisionIndex;
}

/** What may be asked of many besides the question itself. */
export interface BatchWishes {
  /** RFC 3339; absent: now. */
  readonly at?: string;
  /** Whether each answer says how it came about. */
  readonly explain?: boolean;
  /** Whether each answer says where to send it. */
  readonly addresses?: boolean;
}

/** A question that is asked once, of many. */
export type AskedOfMany = AskedQuestion & BatchWishes;

/** A question of a batch in which each line asks its own. */
export type AskedInBatch = AskedDecision & BatchWishes;

/** An answer from the index, with of whom it was asked. */
export type BriefAnswer = Pick<Decision, "subject"> & BriefDecision;

/** A question that is answered from the index: verdict and reason, as things stand. */
export interface IndexBatch {
  /** The position of the last change that was known when it began. */
  readonly change: number;
  /** The question, made ready anew by what is known now: everything that any node had acknowledged when this is called. */
  asking(): Promise<Asking>;
  /** @returns of whom a text asks it, or why it names nobody who can be asked */
  named(text: string): ReturnType<typeof readNamed>;
}

/** A question that is answered from the store: with all there is to tell, or from what was known once. */
export interface StoreBatch {
  answer(text: string): Promise<Outcome<Decision>>;
}

/**
 * Makes ready to ask one question of many.
 *
 * @returns what answers it; `invalid` with every fault of the question
 * @throws IndexUnavailable, StoreUnavailable
 */
export async function askOfMany(
  deps: Batching,
  wished: AskedOfMany,
): Promise<Outcome<{ readonly index: IndexBatch } | { readonly store: StoreBatch }>> {
  const { at, explain: _explain, addresses: _addresses, ...asked } = wished;
  if (needsStore(deps, wished)) {
    const time = readAskedTime(deps, at);
    const faults = [...(await questionFaults(deps, time, asked)), ...addressFaults(wished)];
    if (faults.length > 0) return rejected("invalid", faults);
    return { value: { store: { answer: (subject) => decideAt(deps, time, { ...asked, subject }) } } };
  }
  const known = await deps.index.current();
  const checked = checkQuestion(asked, known.words);
  if ("faults" in checked) return rejected("invalid", checked.faults);
  const held = new HeldQuestion(asked, known.words, checked.question);
  const instant = instantOf(deps, at);
  const asking = async () => {
    const now = await deps.index.current();
    return now.asking(held.against(now.words), instant);
  };
  return { value: { index: { change: known.size - 1, asking, named: (text) => readNamed(text, asked) } } };
}

/** Every fault of a question to be asked of many, however much of it could be read. */
export async function faultsOfMany(deps: Batching, wished: AskedOfMany): Promise<readonly Fault[]> {
  const { at, explain: _explain, addresses: _addresses, ...asked } = wished;
  return [...(await questionFaults(deps, readAskedTime(deps, at), asked)), ...addressFaults(wished)];
}

/**
 * Answers questions of a batch in which each line asks its own: some of them, from what the index knows at one moment. It is
 * asked only if it is needed, and what many lines ask is made ready once.
 */
export class BatchMoment {
  readonly #deps: Batching;
  #known: Promise<Known> | undefined;
  readonly #asked = new Map<string, Outcome<Asking>>();

  constructor(deps: Batching) {
    this.#deps = deps;
  }

  /**
   * @returns a whole decision where more than verdict and reason is wanted, or what was known once
   * @throws IndexUnavailable, StoreUnavailable
   */
  async decide(wished: AskedInBatch): Promise<Outcome<BriefAnswer | Decision>> {
    const { explain: _explain, addresses: _addresses, ...asked } = wished;
    if (!needsStore(this.#deps, wished)) return this.#askIndex(asked);
    const outcome = await decide(this.#deps, asked);
    const faults = addressFaults(wished);
    if (faults.length === 0) return outcome;
    return rejected("invalid", [...("rejected" in outcome ? outcome.rejected.faults : []), ...faults]);
  }

  async #askIndex({ subject: text, ...asked }: AskedDecision): Promise<Outcome<BriefAnswer>> {
    this.#known ??= this.#deps.index.current();
    const asking = this.#asking(await this.#known, asked);
    const named = readNamed(text, asked);
    if ("value" in asking && "subject" in named) return { value: briefly(asking.value, named.subject) };
    const early = "fault" in named ? [named.fault] : [];
    return rejected("invalid", [...early, ...("rejected" in asking ? asking.rejected.faults : [])]);
  }

  #asking(known: Known, { at, ...asked }: Omit<AskedDecision, "subject">): Outcome<Asking> {
    const key = JSON.stringify([at, asked]);
    const kept = this.#asked.get(key);
    if (kept !== undefined) return kept;
    const checked = checkQuestion(asked, known.words);
    const asking: Outcome<Asking> =
      "faults" in checked
        ? rejected("invalid", checked.faults)
        : { value: known.asking(checked.question, instantOf(this.#deps, at)) };
    this.#asked.set(key, asking);
    return asking;
  }
}

/** Every fault of such a question, however much of it could be read. */
export async function faultsInBatch(deps: Batching, wished: AskedInBatch): Promise<readonly Fault[]> {
  const { explain: _explain, addresses: _addresses, ...asked } = wished;
  const outcome = await decide(deps, asked);
  return [...("rejected" in outcome ? outcome.rejected.faults : []), ...addressFaults(wished)];
}

/** The answer to one subject. */
export function briefly(asking: Asking, subject: Decision["subject"]): BriefAnswer {
  const answer = asking.answers[asking.answerTo(subject)];
  assert(answer, "the index gives one of its answers");
  return { subject, ...answer };
}

/** The index holds what counts now, and no more of it than verdict and reason need. */
function needsStore({ now }: Batching, { at, explain = false, addresses = false }: BatchWishes): boolean {
  if (explain || addresses) return true;
  const time = at === undefined ? undefined : readInstant(at);
  return time !== undefined && ("fault" in time || time.ms < now());
}

/** Only asked for what the index answers: an instant that can be read, now or to come. */
function instantOf({ now }: Batching, at: string | undefined): number {
  const time = at === undefined ? undefined : readInstant(at);
  return time !== undefined && "ms" in time ? time.ms : now();
}
