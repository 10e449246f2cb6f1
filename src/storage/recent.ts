/**
 * A map that keeps what was used last: when the young generation is full it becomes the old one, and what is in the
 * old one stays only if it is asked for again. So it holds up to twice the size of a generation, and there is no list
 * to keep in order.
 */
export class Recent<Key, Value extends { readonly size: number }> {
  readonly #generationSize: number;
  #size = 0;
  #young = new Map<Key, Value>();
  #old = new Map<Key, Value>();

  /** @param generationSize what the sizes of the values of one generation may add up to */
  constructor(generationSize: number) {
    this.#generationSize = generationSize;
  }

  get(key: Key): Value | undefined {
    const young = this.#young.get(key);
    if (young !== undefined) return young;
    const old = this.#old.get(key);
    if (old !== undefined) this.set(key, old);
    return old;
  }

  set(key: Key, value: Value): void {
    this.#size += value.size - (this.#young.get(key)?.size ?? 0);
    if (this.#size > this.#generationSize) {
      this.#old = this.#young;
      this.#young = new Map();
      this.#size = value.size;
    }
    this.#young.set(key, value);
  }

  delete(key: Key): void {
    this.#size -= this.#young.get(key)?.size ?? 0;
    this.#young.delete(key);
    this.#old.delete(key);
  }
}
