import assert from "node:assert/strict";
import type { Fault } from "../domain/fault.ts";
import { readInstant } from "../domain/instant.ts";
import { limits } from "../domain/limits.ts";
import { type AskedQuestion, aboutOf, checkQuestion, type Question } from "../domain/question.ts";
import { listed } from "../domain/sentence.ts";
import { type Decision, type Deciding, addressFaults, decide, readNamed } from "./decide.ts";
import type {
  Asking,
  AudienceCount,
  BriefDecision,
  DecisionIndex,
  Known,
  LineTexts,
  Narrowed,
} from "./decision-index.ts";
import { HeldQuestion } from "./held-question.ts";
import { KeptBuffers } from "./kept-buffers.ts";
import { type Outcome, rejected } from "./outcome.ts";
import { nextTurn } from "./turns.ts";

/** What audiences are found with. */
export interface Finding extends Deciding {
  readonly index: DecisionIndex;
}

/** A question of nobody in particular, as it was sent, and which of its audience are wanted. */
export interface AskedAudience extends AskedQuestion {
  /** RFC 3339, not in the past; absent: now. */
  readonly at?: string;
  /** The subject behind which to go on. */
  readonly after?: string;
  readonly kind?: Narrowed["kind"];
  /** Whether each subject comes with the addresses to send to. */
  readonly addresses?: boolean;
}

/** A question whose audience can be counted, or gone through. */
export interface Audience {
  /** The position of the last change that was known when it was asked for; whatever was recorded by then counts. */
  readonly change: number;
  readonly asked: AskedQuestion;
  readonly narrowed: Narrowed;
  /** What was known when it was asked for. */
  readonly known: Known;
  readonly question: Question;
  /** For which instant, and when it was asked for: milliseconds since 1970. */
  readonly at: number;
  readonly began: number;
}

/**
 * Makes ready to find the audience of a question: those for whom its verdict is `send`, now or at an instant to come.
 *
 * @param isCounted whether its size is all that is wanted
 * @returns `invalid` with every fault of what was asked
 * @throws IndexUnavailable, StoreUnavailable
 */
export async function findAudience(
  { index, now }: Finding,
  { at: sentAt, after, kind, addresses = false, ...asked }: AskedAudience,
  isCounted: boolean,
): Promise<Outcome<Audience>> {
  const began = now();
  const known = await index.current();
  const checked = checkQuestion(asked, known.words);
  const time = readTime(sentAt, began);
  const behind = readAfter(after, asked, known);
  const faults = [
    ...("faults" in checked ? checked.faults : []),
    ...kindFaults(kind, asked),
    ...("fault" in behind ? [behind.fault] : []),
    ...("fault" in time ? [time.fault] : []),
    ...addressFaults({ ...asked, addresses }),
    ...(addresses && isCounted ? [ofCount] : []),
  ];
  if ("faults" in checked || "fault" in behind || "fault" in time || faults.length > 0)
    return rejected("invalid", faults);
  const narrowed = { ...behind, ...(kind !== undefined && { kind }) };
  const { question } = checked;
  return { value: { change: known.size - 1, asked, narrowed, known, question, at: time.ms, began } };
}

/**
 * How large the audience is, and for an item of a module how often how many of it want such items. Where it has to be
 * gone through, each part is counted as of the moment in which it is asked for.
 *
 * @throws IndexUnavailable, StoreUnavailable
 */
export async function countAudience({ index }: Finding, audience: Audience): Promise<AudienceCount> {
  let count = 0;
  let byName: Map<string, number> | undefined;
  for await (const part of partsOf(index, audience, (asking, within) => asking.count(within))) {
    count += part.count;
    if (part.frequencies === undefined) continue;
    byName ??= new Map(audience.known.words.frequencies.entries.map(({ name }) => [name, 0]));
    for (const [name, more] of Object.entries(part.frequencies)) byName.set(name, (byName.get(name) ?? 0) + more);
  }
  if (byName === undefined) return { count };
  return { count, frequencies: Object.fromEntries([...byName].filter(([, found]) => found > 0)) };
}

/**
 * The subjects of an audience, a line each, in the order in which they first came. Each part is of the moment in which it
 * is asked for: what any node had acknowledged by then is in it. It is overwritten by the next.
 *
 * @param textsOf what stands around a subject's name, by the answers that there may be
 * @throws IndexUnavailable, StoreUnavailable
 */
export function audienceLines(
  { index }: Finding,
  audience: Audience,
  textsOf: (answers: readonly BriefDecision[]) => LineTexts,
): AsyncGenerator<Buffer, void> {
  return namesOf(index, audience, textsOf, limits.audiencePartBytes);
}

/**
 * The answers to a contact question for all of its audience, in that order. The index tells who they are, and the store
 * their addresses; whoever has taken back a yes in between is left out.
 *
 * @throws IndexUnavailable, StoreUnavailable
 */
export async function* audienceDecisions(deps: Finding, audience: Audience): AsyncGenerator<readonly Decision[], void> {
  const { asked, at, began } = audience;
  const deciding = { ...deps, now: () => began };
  const time = at > began ? { at: new Date(at).toISOString() } : {};
  const bareNames = (answers: readonly BriefDecision[]) => ({ before: noText, after: answers.map(() => lineFeed) });
  for await (const names of namesOf(deps.index, audience, bareNames, limits.audienceNamesBytes)) {
    const subjects = names.toString("latin1").trimEnd().split("\n");
    const outcomes = await Promise.all(subjects.map((subject) => decide(deciding, { ...asked, ...time, subject })));
    const granted = outcomes.map(decided).filter(({ verdict }) => verdict === "send");
    if (granted.length > 0) yield granted;
  }
}

const noText = Buffer.alloc(0);
const lineFeed = Buffer.from("\n");

function decided(outcome: Outcome<Decision>): Decision {
  assert("value" in outcome, "what was asked of the index can be asked of the store");
  return outcome.value;
}

const partBuffers = new KeptBuffers(limits.audiencePartBytes);

async function* namesOf(
  index: DecisionIndex,
  audience: Audience,
  textsOf: (answers: readonly BriefDecision[]) => LineTexts,
  bytes: number,
): AsyncGenerator<Buffer, void> {
  const output = partBuffers.take();
  const room = output.subarray(0, bytes);
  const write = (asking: Asking, within: Narrowed) => asking.writeAudience(within, room, textsOf(asking.answers));
  try {
    for await (const { written } of partsOf(index, audience, write)) if (written > 0) yield output.subarray(0, written);
  } finally {
    partBuffers.give(output);
  }
}

/** One part after another, each in a turn of the event loop of its own and of what is known by then. */
async function* partsOf<Part extends { readonly next?: number }>(
  index: DecisionIndex,
  { asked, at, narrowed, ...first }: Audience,
  partOf: (asking: Asking, within: Narrowed) => Part,
): AsyncGenerator<Part, void> {
  let { known } = first;
  const held = new HeldQuestion(asked, known.words, first.question);
  let { from } = narrowed;
  for (;;) {
    const part = partOf(known.asking(held.against(known.words), at), {
      ...narrowed,
      ...(from !== undefined && { from }),
    });
    yield part;
    if (part.next === undefined) return;
    from = part.next;
    await nextTurn();
    known = await index.current();
  }
}

function readTime(sentAt: string | undefined, began: number): { readonly ms: number } | { readonly fault: Fault } {
  if (sentAt === undefined) return { ms: began };
  const reading = readInstant(sentAt);
  if ("fault" in reading) return { fault: invalid("at", reading.fault) };
  if (reading.ms >= began) return reading;
  return {
    fault: invalid("at", "is in the past, and audiences are of now or of a time to come; leave it out for now"),
  };
}

function readAfter(
  after: string | undefined,
  asked: AskedQuestion,
  known: Known,
): Pick<Narrowed, "from"> | { readonly fault: Fault } {
  if (after === undefined) return {};
  const named = readNamed(after, asked);
  if ("fault" in named) return { fault: { ...named.fault, path: ["after"] } };
  const from = known.placeAfter(named.subject);
  if (from !== undefined) return { from };
  const message = "names one of whom nothing is held; take the subject of an earlier line";
  return { fault: { problem: "subject-unknown", path: ["after"], message } };
}

const kindsOf = { contact: ["customer"], module: ["organisation", "user"], alert: ["organisation", "user"] } as const;

function kindFaults(kind: Narrowed["kind"], asked: AskedQuestion): readonly Fault[] {
  const about = aboutOf(asked);
  if (kind === undefined || about === undefined) return [];
  const kinds: readonly string[] = kindsOf[about];
  return kinds.includes(kind) ? [] : [invalid("kind", `must be one of those who are asked: ${listed(kinds)}`)];
}

const ofCount = invalid("addresses", "goes with Accept: application/x-ndjson only; a count has none");

function invalid(member: keyof AskedAudience, message: string): Fault {
  return { problem: "value-invalid", path: [member], message };
}
