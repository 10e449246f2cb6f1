import { randomUUID } from "node:crypto";
import { hostname } from "node:os";
import { limits } from "../domain/limits.ts";
import type { NodeStore, ServingNode } from "./node-store.ts";

/** Nodes serve the database, and what was asked for is not to be done beside them. */
export class NodesServe extends Error {
  override readonly name = "NodesServe";
}

/** Tells the storage that this node serves, for as long as it does: so that nobody works on it as if none did. */
export class Presence {
  readonly #store: NodeStore;
  readonly #node: ServingNode = { id: randomUUID(), host: hostname(), pid: process.pid };
  readonly #beat: NodeJS.Timeout;

  private constructor(store: NodeStore) {
    this.#store = store;
    // While the storage cannot be reached nobody can work on it either.
    this.#beat = setInterval(() => void store.heard(this.#node).catch(() => undefined), limits.nodeBeatMs).unref();
  }

  /** @throws StoreUnavailable */
  static async begin(store: NodeStore): Promise<Presence> {
    const presence = new Presence(store);
    await store.heard(presence.#node);
    return presence;
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
