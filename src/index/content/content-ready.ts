import type { AudienceCount, BriefDecision } from "../../service/decision-index.ts";
import { bitCount, type Bits, lowestBit, nothingSet, pageWords } from "../arrays/bits.ts";
import type { Choices } from "./choices.ts";
import { type Asked, neverAsked, shareOf, suppressed } from "./asked.ts";
import type { Holders } from "./holders.ts";
import { pagePlaces } from "../arrays/pages.ts";
import type { Ready } from "../ready.ts";

/** A content question made ready to be asked of organisations and users. */
export class ContentReady implements Ready {
  readonly answers: readonly BriefDecision[];
  readonly kinds = ["organisation", "user"] as const;
  readonly answerToUnknown = neverAsked;
  readonly #asked: Asked;
  readonly #choices: Choices;
  readonly #holders: Holders;
  readonly #senders = new Int32Array(pageWords);
  readonly #sendersUnsigned = new Uint32Array(this.#senders.buffer);

  constructor(asked: Asked, choices: Choices, holders: Holders) {
    this.answers = asked.answers;
    this.#asked = asked;
    this.#choices = choices;
    this.#holders = holders;
  }

  answerAt(place: number): number {
    const answer = this.#asked.answerOf(this.#holders.documentAt(place));
    return this.#holders.stopped.has(place) && this.answers[answer]?.verdict === "send" ? suppressed : answer;
  }

  answersAt(places: Int32Array, count: number, answers: Uint16Array): void {
    for (let index = 0; index < count; index += 1) {
      const place = places[index] ?? 0;
      answers[index] = place === 0 ? neverAsked : this.answerAt(place - 1);
    }
  }

  get hasFrequencies(): boolean {
    return this.#asked.about === "module";
  }

  prepare(): boolean {
    return true;
  }

  sendersOn(page: number, from: number): Uint32Array | undefined {
    const { links, stopped } = this.#holders;
    if (!links.hasPage(page)) return undefined;
    this.#findSenders(links.page(page), from);
    return keepOthers(this.#senders, stopped.page(page)) === 0 ? undefined : this.#sendersUnsigned;
  }

  get pages(): number {
    return this.#holders.links.pages;
  }

  count(kind?: "customer" | "organisation" | "user"): AudienceCount {
    const { shares } = this.#asked;
    const matching = this.#asked.matching();
    const counts = shares.map(({ rows }) => (kind === "customer" ? 0 : this.#countShare(matching, rows, kind)));
    const count = counts.reduce((sum, one) => sum + one, 0);
    if (!this.hasFrequencies) return { count };
    const named = shares.map(({ frequency = "" }, share) => [frequency, counts[share] ?? 0] as const);
    return { count, frequencies: Object.fromEntries(named.filter(([, one]) => one > 0)) };
  }

  #findSenders(links: Int32Array, from: number): void {
    const matching = this.#asked.matching();
    this.#senders.fill(0);
    for (let at = from; at < pagePlaces; at += 1) {
      const link = links[at] ?? 0;
      if (link !== 0 && this.#isSent(matching, link)) {
        this.#senders[at >>> 5] = (this.#senders[at >>> 5] ?? 0) | (1 << (at & 31));
      }
    }
  }

  #isSent(matching: Bits, link: number): boolean {
    for (let row = this.#holders.documentOf(link); row !== 0; row = this.#choices.next(row)) {
      if (matching.has(row)) return shareOf(this.#asked.shares, row) !== undefined;
    }
    return false;
  }

  /** To how many something is sent because of a row that is in both sets. */
  #countShare(matching: Bits, share: Bits, kind: "organisation" | "user" | undefined): number {
    const { rowsOfUsers, rowsOfStopped } = this.#holders;
    let count = 0;
    for (let page = 0; page < matching.pages; page += 1) {
      const [some, others] = [matching.page(page), share.page(page)];
      count += countOwn(some, others, rowsOfStopped.page(page), rowsOfUsers.page(page), kind);
      if (kind !== "organisation") count += this.#countHeirs(some, others, page);
    }
    return count;
  }

  #countHeirs(some: Int32Array, others: Int32Array, page: number): number {
    const { employers, employerOfRow, rowsWithHeirs } = this.#holders;
    const withHeirs = rowsWithHeirs.page(page);
    if (withHeirs === nothingSet) return 0;
    let count = 0;
    for (let word = 0; word < pageWords; word += 1) {
      for (let rest = (some[word] ?? 0) & (others[word] ?? 0) & (withHeirs[word] ?? 0); rest !== 0; rest &= rest - 1) {
        count += employers.awake(employerOfRow.get(page * pagePlaces + word * 32 + lowestBit(rest)));
      }
    }
    return count;
  }
}

/** How many rows are in both sets whose holder is of the kind that is asked for and has no address that is stopped. */
function countOwn(
  some: Int32Array,
  others: Int32Array,
  stopped: Int32Array,
  users: Int32Array,
  kind: "organisation" | "user" | undefined,
): number {
  const isOfUser = kind === "organisation" ? 0 : -1;
  const isOfOrganisation = kind === "user" ? 0 : -1;
  let count = 0;
  for (let word = 0; word < pageWords; word += 1) {
    const both = (some[word] ?? 0) & (others[word] ?? 0) & ~(stopped[word] ?? 0);
    if (both === 0) continue;
    const user = users[word] ?? 0;
    count += bitCount(both & ((user & isOfUser) | (~user & isOfOrganisation)));
  }
  return count;
}

/**
 * Takes out of a page what is on another.
 *
 * @returns 0 when nothing is left
 */
function keepOthers(kept: Int32Array, out: Int32Array): number {
  let left = 0;
  for (let word = 0; word < pageWords; word += 1) {
    const others = (kept[word] ?? 0) & ~(out[word] ?? 0);
    kept[word] = others;
    left |= others;
  }
  return left;
}
