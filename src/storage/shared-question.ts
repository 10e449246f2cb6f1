/**
 * A question that many ask at one time. It is put once for all who wait: those who come while it is under way share the
 * next, so that each gets an answer to a question that was put after they came.
 */
export class SharedQuestion<Answer> {
  readonly #ask: () => Promise<Answer>;
  #underWay: Promise<unknown> = Promise.resolve();
  #next: Promise<Answer> | undefined;

  constructor(ask: () => Promise<Answer>) {
    this.#ask = ask;
  }

  answer(): Promise<Answer> {
    this.#next ??= this.#answerAfter(this.#underWay);
    return this.#next;
  }

  async #answerAfter(before: Promise<unknown>): Promise<Answer> {
    await before;
    const asked = this.#ask();
    this.#underWay = asked.catch(() => undefined);
    this.#next = undefined;
    return asked;
  }
}
