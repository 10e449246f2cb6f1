import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { problems } from "../../src/domain/problem.ts";
import { overOneConnection, type ReceivedAnswer, type SentRequest, type Transport } from "../support/exchange.ts";
import {
  erase,
  get,
  nameOrganisation,
  postUser,
  putCustomer,
  putCustomerWrongly,
  putOrganisation,
  putUser,
} from "./acts.ts";
import type { Headers } from "../support/target.ts";
import { checkpointOf, erasedBy, markOf, type Recorded } from "./whole-log.ts";

/** All that clients were told: what was acknowledged, what was refused, and the receipts that they were given. */
export class Told {
  readonly #acknowledged = new Map<string, number>();
  readonly #refused = new Set<string>();
  readonly receipts: string[] = [];
  /** Answers that said that nobody knows. */
  unknown = 0;
  /** Milliseconds that the slowest answer took. */
  slowestMs = 0;

  get acknowledged(): number {
    return this.#acknowledged.size;
  }

  get refused(): number {
    return this.#refused.size;
  }

  get checkpoints(): string[] {
    return this.receipts.map(checkpointOf);
  }

  answered(mark: string, answer: ReceivedAnswer): void {
    const { status, headers } = answer;
    if (status === 200) this.#acknowledged.set(mark, Number(headers["saywhen-change"]));
    else if (isUnknown(answer)) this.unknown += 1;
    else if (status >= 400) this.#refused.add(mark);
  }

  /**
   * Asserts that every acknowledged change is there at its position, or was erased since, no refused one is, and none
   * is there twice. Erasures bear no mark.
   */
  assertKept(recorded: readonly Recorded[]): void {
    for (const [mark, position] of this.#acknowledged) {
      const change = recorded[position];
      assert(change !== undefined, `${mark} was acknowledged at ${position}, and is lost`);
      const isItself = change.said === undefined || change.kind === "erasure" || markOf(change) === mark;
      assert(isItself, `${mark} is not at ${position}`);
    }
    for (const change of recorded) {
      assert(!this.#refused.has(markOf(change) ?? ""), `what is at position ${change.position} was refused`);
    }
    const marked = recorded.filter((change) => markOf(change) !== undefined);
    const once = new Set(marked.map((change) => `${markOf(change)} ${change.kind} ${change.said?.stream}`));
    assert.equal(once.size, marked.length, "a change is there twice");
  }

  /** Asserts that of the addresses that were erased, once that was acknowledged, none is left in these files. */
  assertErased(recorded: readonly Recorded[], files: readonly string[]): void {
    const bytes = files.filter((file) => existsSync(file)).map((file) => readFileSync(file));
    const marks = new Map([...this.#acknowledged].map(([mark, position]) => [position, mark]));
    for (const position of this.#acknowledged.values()) {
      for (const erased of erasedBy(recorded[position] as Recorded)) {
        const mark = marks.get(erased);
        const isLeft = mark !== undefined && bytes.some((each) => each.includes(`"${mark}@example.com"`));
        assert(!isLeft, `what was at position ${erased} was erased, and can still be read in a file`);
      }
    }
  }
}

/** Whether nobody knows what became of a change. */
export function isUnknown({ status, body }: ReceivedAnswer): boolean {
  return status === 503 && body.includes(problems["outcome-unknown"].title);
}

const frequencies = ["Daily", "Weekly", "Fortnightly", "Monthly", "Quarterly", "Never"] as const;

/** What a request carries so that its change can be told from all others: not every contract has a tracking id. */
export function marked(mark: string): Headers {
  return { "Saywhen-Evidence": JSON.stringify({ mark }) };
}

/** One act of any kind; a few of them are to be refused. Two writers often mean the same subject. */
export function anyAct(mark: string): SentRequest {
  const headers = marked(mark);
  const id = 1 + below(40);
  const frequency = frequencies[below(frequencies.length)] ?? "Never";
  const kinds: readonly (() => SentRequest)[] = [
    () => putCustomer(id, `${mark}@example.com`, headers),
    () => putCustomer(id, `${mark}@example.com`, headers),
    () => putCustomer(id, `${mark}@example.com`, { ...headers, "If-Match": '"0.1-json"' }),
    () => putCustomerWrongly(id, headers),
    () => putOrganisation(id, frequency, headers),
    () => putUser(id, frequency, headers),
    () => putUser(`pat${id}@example.com`, frequency, headers),
    () => postUser(`sam${below(400)}@example.com`, id, headers),
    () => nameOrganisation(id, `Acme ${mark}`, headers),
    () => putCustomer(id, `${mark}@example.com`, headers),
    () => postUser(`kim${mark}@example.com`, id, headers),
    () => putOrganisation(id, frequency, headers),
    () => erase(`${["customer", "organisation", "user"][below(3)]}/${id}`),
  ];
  return (kinds[below(kinds.length)] as () => SentRequest)();
}

function below(limit: number): number {
  return Math.floor(Math.random() * limit);
}

/**
 * Writers over a connection each, one request after the other, until `isOver`, or until the service is gone.
 *
 * @param name makes their marks their own
 */
export async function write(
  url: string,
  writers: number,
  name: string,
  told: Told,
  isOver: () => boolean,
): Promise<void> {
  await Promise.all(Array.from({ length: writers }, (_, writer) => writeOne(url, `${name}-${writer}`, told, isOver)));
}

async function writeOne(url: string, name: string, told: Told, isOver: () => boolean): Promise<void> {
  await using send = overOneConnection(url);
  try {
    for (let turn = 0; !isOver(); turn += 1) await act(send, `${name}-${turn}`, told);
  } catch (error) {
    // The service was killed before it answered: whether it was recorded, nobody was told.
    assert.match(String((error as NodeJS.ErrnoException).code), /^(ECONNRESET|ECONNREFUSED|EPIPE)$/, String(error));
  }
}

async function act(send: Transport, mark: string, told: Told): Promise<void> {
  const start = performance.now();
  const answer = await send(anyAct(mark));
  told.slowestMs = Math.max(told.slowestMs, performance.now() - start);
  const position = answer.headers["saywhen-change"];
  told.answered(mark, answer);
  if (position === undefined || below(5) > 0) return;
  const receipt = await send(get(`/v1/changes/${position}/receipt`));
  if (receipt.status === 200) told.receipts.push(receipt.body);
}
