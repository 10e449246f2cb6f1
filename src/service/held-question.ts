import assert from "node:assert/strict";
import type { CatalogueWords } from "../domain/catalogue.ts";
import { type AskedQuestion, checkQuestion, type Question } from "../domain/question.ts";

/** A question that is asked for as long as its answers take, of whatever catalogue counts by then. */
export class HeldQuestion {
  readonly #asked: AskedQuestion;
  #words: CatalogueWords;
  #question: Question;

  /** @param question what came of it when it was held against a catalogue for the first time */
  constructor(asked: AskedQuestion, words: CatalogueWords, question: Question) {
    this.#asked = asked;
    this.#words = words;
    this.#question = question;
  }

  /** The question with the entries of a catalogue: a name of it may be retired meanwhile, but none is ever gone. */
  against(words: CatalogueWords): Question {
    if (words === this.#words) return this.#question;
    const checked = checkQuestion(this.#asked, words);
    assert("question" in checked, "a catalogue has every name that one before it had");
    this.#words = words;
    this.#question = checked.question;
    return checked.question;
  }
}
