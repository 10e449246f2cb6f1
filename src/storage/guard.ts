import { StoreUnavailable } from "../service/store.ts";

/** What stands before a storage: whether it was let go of, and what callers get of its failures. */
export abstract class Guard {
  protected isClosed = false;

  /** What a failure of the storage is to callers; undefined for a mistake in our own code. */
  protected abstract unavailable(error: unknown): StoreUnavailable | undefined;

  /** @throws StoreUnavailable once the storage was let go of */
  protected refuseClosed(): void {
    if (this.isClosed) throw closed();
  }

  /** What callers get for an error. */
  protected named(error: unknown): unknown {
    return this.unavailable(error) ?? (this.isClosed ? closed() : error);
  }

  protected async *guardedEach<Item>(items: () => AsyncIterable<Item>): AsyncGenerator<Item> {
    this.refuseClosed();
    try {
      yield* items();
    } catch (error) {
      throw this.named(error);
    }
  }
}

/** What everybody gets once the storage was let go of. */
export function closed(): StoreUnavailable {
  return new StoreUnavailable("the store is closed");
}
