import type { CatalogueWords } from "../domain/catalogue.ts";
import type { ContactReason } from "../domain/decide-contact.ts";
import type { ContentReason } from "../domain/decide-content.ts";
import type { Question } from "../domain/question.ts";
import type { Verdict } from "../domain/rule.ts";
import type { Subject } from "../domain/subject.ts";

/** Answers one question about many subjects from memory. Its answers are those of the rules (law 4). */
export interface DecisionIndex {
  /**
   * What is known now: everything that any node had acknowledged when this was called.
   *
   * @throws IndexUnavailable, StoreUnavailable
   */
  current(): Promise<Known>;
}

/**
 * What the index knew at one moment. It goes on changing: whoever comes back to it in a later turn of the event loop sees
 * what was recorded meanwhile, and never less.
 */
export interface Known {
  /** How many changes of the log are in it. */
  readonly size: number;
  /** The catalogue that counts. */
  readonly words: CatalogueWords;
  /** The place of the subjects that came after this one; undefined when nothing is held of it. */
  placeAfter(subject: Subject): number | undefined;
  /**
   * A question made ready to be asked of many: held against the catalogue of `words`, and for one instant.
   *
   * @param at milliseconds since 1970
   * @throws IndexUnavailable while it lacks what this question needs
   */
  asking(question: Question, at: number): Asking;
}

/** What comes of a question, in short. */
export interface BriefDecision {
  readonly verdict: Verdict;
  readonly reason: ContactReason | ContentReason;
  /** With `matched` only. */
  readonly frequency?: string;
}

/** One question, asked of many. All of it is synchronous; what it answers holds for the moment of the call. */
export interface Asking {
  /** Everything that may be answered. */
  readonly answers: readonly BriefDecision[];
  /** Which of the answers a subject gets; whoever nothing is known of gets one as well. */
  answerTo(subject: Subject): number;
  /**
   * Answers lines that are one JSON string each, as JSON.stringify writes it: `"customer:1"`, perhaps with spaces before it,
   * and a line feed, perhaps with a carriage return before it. It stops at the first line that is anything else or that the
   * question is not asked of, at the end of the input, at a line that is not whole yet, or when the output is all but full.
   *
   * @param texts what stands before a subject's name in an answer and, for each of the answers, what stands after it
   */
  answerLines(input: Buffer, output: Buffer, texts: LineTexts): LineProgress;
  /**
   * How many there are for whom the verdict is `send`: all of them where that is known beforehand; otherwise some 65,536
   * subjects are looked at, and whoever asks adds the parts up, with a turn of the event loop between two.
   */
  count(narrowed: Narrowed): CountPart;
  /**
   * Writes the names of subjects for whom the verdict is `send`, in the order in which the subjects first came, each
   * between two texts: until the output is full, or about a millisecond is over. A part may be empty.
   *
   * @param texts what stands before a subject's name and, for each of the answers, what stands after it
   */
  writeAudience(narrowed: Narrowed, output: Buffer, texts: LineTexts): AudiencePart;
}

/** Which of an audience is asked for. */
export interface Narrowed {
  /** Only those from this place on, in the order in which they first came; all, if left out. */
  readonly from?: number;
  readonly kind?: "customer" | "organisation" | "user";
}

/** What stands around a subject's name in a line about it: an answer, or one of an audience. */
export interface LineTexts {
  readonly before: Buffer;
  /** By the number of the answer; the line feed is its last byte. */
  readonly after: readonly Buffer[];
}

/** How far lines were answered. */
export interface LineProgress {
  /** Bytes of the input, whole lines. */
  readonly read: number;
  /** Lines that these were. */
  readonly lines: number;
  /** Bytes of the output. */
  readonly written: number;
}

/** A part of an audience. */
export interface AudiencePart {
  /** Bytes of the output. */
  readonly written: number;
  /** Where the next part begins; absent: this was the last. */
  readonly next?: number;
}

/** How large a part of an audience is. */
export interface CountPart extends AudienceCount {
  /** Where the next part begins; absent: this was the last. */
  readonly next?: number;
}

/** How large an audience is. */
export interface AudienceCount {
  readonly count: number;
  /** For an item of a module: how many there are of each frequency, those of none left out. */
  readonly frequencies?: Readonly<Record<string, number>>;
}

/** The index cannot answer: there is none on this node, or it is not built yet. */
export class IndexUnavailable extends Error {
  override readonly name = "IndexUnavailable";
  readonly because: "building" | "off";

  constructor(because: "building" | "off") {
    super(because === "off" ? "this node keeps no index" : "the index is being built");
    this.because = because;
  }
}
