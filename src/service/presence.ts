import { randomUUID } from "node:crypto";
import { hostname } from "node:os";
import { limits } from "../domain/limits.ts";
import type { NodeStore, ServingNode } from "./node-store.ts";

/** Nodes serve the database, and what was asked for is not to be done beside them. */
export class NodesServe extends Error {
  override readonly name = "NodesServe";
}

/**
 * Tells the storage that this node serves, for as long as it does, so that nobody begins to work on it as if none did.
 * A node that could not say so for a while, and serves all the same, does no harm: a rebuild is one transaction, beside
 * which it reads what was there, and for whose end its writes wait; that the log was continued it learns as it signs.
 */
export class Presence {
  readonly #store: NodeStore;
  readonly #node: ServingNode = { id: randomUUID(), host: hostname(), pid: process.pid };
  readonly #beat: NodeJS.Timeout;

  private constructor(store: NodeStore) {
    this.#store = store;
    this.#beat = setInterval(() => void store.heard(this.#node).catch(() => undefined), limits.nodeBeatMs).unref();
  }

  /** @throws StoreUnavailable also while somebody works on the storage who takes no node to serve */
  static async begin(store: NodeStore): Promise<Presence> {
    const presence = new Presence(store);
    try {
      await store.joined(presence.#node);
      return presence;
    } catch (error) {
      await presence.end();
      throw error;
    }
  }

  /** The node serves no more. Where that cannot be said, it counts as gone a little later. */
  async end(): Promise<void> {
    clearInterval(this.#beat);
    await this.#store.left(this.#node).catch(() => undefined);
  }
}

/**
 * Sees to it that no node serves.
 *
 * @throws NodesServe when one does, or may do: it names them
 */
export async function refuseServing(store: NodeStore): Promise<void> {
  const nodes = await store.serving(limits.nodeGoneMs);
  if (nodes.length === 0) return;
  const names = nodes.map(({ host, pid }) => `${host} (pid ${pid})`).join(", ");
  const seconds = limits.nodeGoneMs / 1000;
  throw new NodesServe(
    `The database is served by ${names}; stop ${nodes.length === 1 ? "it" : "them"} first. ` +
      `A node that was killed counts for ${seconds} seconds more.`,
  );
}
