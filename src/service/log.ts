import type { KeyObject } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { printCheckpoint, printReceipt, signNote, verifierKeyOf } from "../audit/checkpoint.ts";
import { printBundle, tileHashes } from "../audit/tiles.ts";
import { inclusionPath } from "../audit/tree.ts";
import { hashLeaf, printEntry, rootFromPath } from "../audit/verify-receipt.ts";
import { limits } from "../domain/limits.ts";
import type { KeyFiles } from "./key-files.ts";
import { branchOf, identityInForce, type SignedBefore, signedBefore, type SignedTree } from "./log-identity.ts";
import type { LogIdentity, LogStore, TileRecords } from "./log-store.ts";
import { LogTree } from "./log-tree.ts";
import { signedMeanwhile } from "./signed-meanwhile.ts";
import { RecordDamaged, type Records } from "./store.ts";

/** What the log is opened with. */
export interface LogOptions {
  readonly store: LogStore & Pick<Records, "opening">;
  /** Where tiles and bundles are read, if elsewhere: what is signed is always read from the store. */
  readonly tiles?: TileRecords;
  readonly keyFiles: KeyFiles;
  /** Where the log is reached from outside, without scheme: for the origin, at the first start. */
  readonly base?: string;
  /** Called with what goes wrong while nobody waits for it; it is tried again. */
  readonly onError: (error: unknown) => void;
  /** Called when nothing is signed any more, or for now, or from the start: with `stoppedBecause`. */
  readonly onStopped?: (because: string) => void;
}

/** Nothing is signed, because the log is not an extension of what was signed before. */
export class LogStopped extends Error {
  override readonly name = "LogStopped";
}

/** The log that proves the changes: signs it, and hands out the proofs. */
export class Log {
  /** The key by which others verify what is signed here, as text (c2sp.org/signed-note). */
  readonly verifierKey: string;
  /** What the origin has behind that of the first log at its address; undefined when it is that one. */
  readonly branch: string | undefined;
  readonly #options: LogOptions;
  readonly #tree: LogTree;
  readonly #identity: LogIdentity;
  readonly #privateKey: KeyObject;
  readonly #cadence: NodeJS.Timeout;
  #stoppedBecause: string | undefined;
  /** Why nothing is signed for now: another process may find the log to be whole. */
  #waitsBecause: string | undefined;
  /** What was signed last, by whatever node, as far as it is known here. */
  #last: SignedTree | undefined;
  /** How many entries the log had when it was last looked at. */
  #size: number;
  /** What is being signed, and what will be signed after it. */
  #signing: Promise<unknown> = Promise.resolve();
  #next: Promise<SignedTree> | undefined;
  #isFollowing = false;
  /** Why the tree could not follow, as it was last reported: every write meets it again. */
  #lagsBecause: unknown;
  #isClosed = false;

  private constructor(options: LogOptions, parts: LogParts) {
    this.#options = options;
    this.#tree = parts.tree;
    this.#identity = parts.identity;
    this.#privateKey = parts.privateKey;
    this.#last = parts.before.last;
    this.#size = parts.size;
    this.branch = branchOf(parts.identity.origin);
    this.verifierKey = verifierKeyOf(parts.identity.origin, parts.identity.publicKey);
    if (parts.before.stoppedBecause !== undefined) this.#stop(parts.before.stoppedBecause);
    if (parts.before.waitsBecause !== undefined) this.#wait(parts.before.waitsBecause);
    this.#cadence = setInterval(() => void this.#signInTime(), limits.checkpointMs).unref();
    this.follow();
  }

  /**
   * Opens the log; at the first start, gives it its name and its key.
   *
   * @throws KeyUnusable, LogLost: each with a message for the operator
   */
  static async open(options: LogOptions): Promise<Log> {
    const { store, keyFiles, base } = options;
    const tree = await LogTree.open(store);
    const { identity, privateKey } = await identityInForce(store, keyFiles, tree, base);
    const before = await signedBefore(store, keyFiles, tree);
    return new Log(options, { identity, privateKey, tree, before, size: await store.size() });
  }

  /** Why nothing is signed: a sentence for the operator. Undefined when all is well. */
  get stoppedBecause(): string | undefined {
    return this.#stoppedBecause ?? this.#waitsBecause;
  }

  /** What operations look at. */
  get figures(): { readonly isSigning: boolean; readonly size: number; readonly signedSize: number } {
    return { isSigning: this.stoppedBecause === undefined, size: this.#size, signedSize: this.#last?.size ?? 0 };
  }

  /** Something was appended: the tree follows, in the background. */
  follow(): void {
    if (this.#isFollowing) return;
    this.#isFollowing = true;
    this.#catchUp()
      .then(
        () => this.#lag(undefined),
        (error: unknown) => this.#lag(error),
      )
      .finally(() => {
        this.#isFollowing = false;
      });
  }

  /**
   * The newest checkpoint, a signed note over everything that was committed when it was asked for, by this node or by
   * another. It is kept, durably, before it is given out; whoever asks while one is being signed shares the next.
   *
   * Rejects with LogStopped while nothing is signed, with StoreUnavailable when it cannot be kept.
   */
  async checkpoint(): Promise<string> {
    return (await this.#signed()).note;
  }

  /**
   * A change's proof with a checkpoint that covers it (c2sp.org/tlog-proof); undefined when the log has no such
   * position.
   *
   * Rejects as `checkpoint` does, and with RecordDamaged when the change's entry is not the one that was signed for.
   */
  async receipt(position: number): Promise<string | undefined> {
    const { store } = this.#options;
    if (position >= (await store.size())) return undefined;
    const { size, root, note } = this.#lastOf(position + 1) ?? (await this.#signed());
    const [entry] = await store.entries(position, position + 1);
    if (entry === undefined) return undefined;
    const bytes = printEntry(entry);
    const path = await inclusionPath(position, size, this.#tree);
    if (!rootFromPath(hashLeaf(bytes), position, size, path).equals(root)) {
      throw unfit(position);
    }
    return printReceipt({ entry: bytes, position, path, checkpoint: note });
  }

  /**
   * The first hashes of a tile, as the last signed checkpoint has them (c2sp.org/tlog-tiles); undefined when it has not
   * as many there. Rejects with LogStopped while nothing is signed.
   */
  async tile(level: number, index: number, width: number): Promise<Buffer | undefined> {
    const leaves = (index * tileHashes + width) * tileHashes ** level;
    return this.#lastOf(leaves) && this.#tree.hashes(level, index, width, this.#options.tiles);
  }

  /** The first entries of a bundle, on the same terms as `tile`, and as `receipt` where one is not what was signed for. */
  async bundle(index: number, width: number): Promise<Buffer | undefined> {
    const from = index * tileHashes;
    if (this.#lastOf(from + width) === undefined) return undefined;
    const { store, tiles = store } = this.#options;
    const entries = (await tiles.entries(from, from + width)).map(printEntry);
    const hashes = await this.#tree.hashes(0, index, width, tiles);
    const fit = fitting(entries, hashes);
    if (fit < width) throw unfit(from + fit);
    return printBundle(entries);
  }

  /** Signs what is there, if that takes no long time, and ends. */
  async close(): Promise<void> {
    clearInterval(this.#cadence);
    if (this.stoppedBecause === undefined)
      await Promise.race([this.#signInTime(), delay(limits.lastCheckpointMs, undefined, { ref: false })]);
    this.#isClosed = true;
  }

  /** What was signed last, if it covers the log's first `size` entries. */
  #lastOf(size: number): SignedTree | undefined {
    if (this.stoppedBecause !== undefined) throw new LogStopped(this.stoppedBecause);
    return this.#last !== undefined && this.#last.size >= size ? this.#last : undefined;
  }

  /** What is being signed already may lack what was committed since: those who ask meanwhile share the next. */
  #signed(): Promise<SignedTree> {
    this.#next ??= this.#signAfter(this.#signing);
    return this.#next;
  }

  async #signAfter(before: Promise<unknown>): Promise<SignedTree> {
    await before;
    const signing = this.#sign();
    this.#signing = signing.catch(() => undefined);
    this.#next = undefined;
    return signing;
  }

  async #sign(): Promise<SignedTree> {
    if (this.#stoppedBecause !== undefined) throw new LogStopped(this.#stoppedBecause);
    const { store, keyFiles } = this.#options;
    const { origin } = this.#identity;
    const { size, last, recorded, newLineage, stoppedBecause, waitsBecause } = await signedMeanwhile(store, {
      identity: this.#identity,
      last: this.#last,
      tree: this.#tree,
      keyPath: keyFiles.path,
    });
    this.#size = size;
    if (stoppedBecause !== undefined) throw this.#stop(stoppedBecause);
    if (waitsBecause !== undefined) throw this.#wait(waitsBecause);
    if (newLineage !== undefined) await store.saveLineage(newLineage, origin);
    this.#waitsBecause = undefined;
    const signed = last?.size === size ? last : await this.#signOver(size);
    if (signed !== recorded) await store.saveCheckpoint(signed, origin);
    if (signed !== this.#last) await keyFiles.keepCheckpoint(signed.note);
    this.#last = signed;
    return signed;
  }

  async #signOver(size: number): Promise<SignedTree> {
    const { origin } = this.#identity;
    await this.#tree.reach(size);
    const root = await this.#tree.root(size);
    return { size, root, note: signNote(printCheckpoint({ origin, size, root }), origin, this.#privateKey) };
  }

  #stop(because: string): LogStopped {
    this.#stoppedBecause = because;
    this.#options.onStopped?.(because);
    return new LogStopped(because);
  }

  /** As long as it waits, it looks again each time, and says so once. */
  #wait(because: string): LogStopped {
    if (this.#waitsBecause === undefined) this.#options.onStopped?.(because);
    this.#waitsBecause = because;
    return new LogStopped(because);
  }

  /** That it was stopped has been said already. */
  async #signInTime(): Promise<void> {
    if (this.#stoppedBecause !== undefined) return;
    await this.#signed().catch((error: unknown) => {
      if (!(error instanceof LogStopped)) this.#report(error);
    });
  }

  /** Full tiles only: what is left becomes part of the tree when it is signed. A log that is not signed needs no tree. */
  async #catchUp(): Promise<void> {
    while (!this.#isClosed) {
      this.#size = await this.#options.store.size();
      const full = this.#size - (this.#size % tileHashes);
      if (this.stoppedBecause !== undefined || this.#tree.size >= full) return;
      await this.#tree.reach(Math.min(full, this.#tree.size + tileHashes));
    }
  }

  #lag(error: unknown): void {
    const why = error instanceof Error ? error.message : error;
    if (why !== undefined && why !== this.#lagsBecause) this.#report(error);
    this.#lagsBecause = why;
  }

  #report(error: unknown): void {
    if (!this.#isClosed) this.#options.onError(error);
  }
}

/** How many of a tile's entries, from the first on, are those that its hashes were made of. */
function fitting(entries: readonly Buffer[], hashes: Buffer): number {
  const wrong = entries.findIndex((entry, at) => hashLeaf(entry).compare(hashes, at * 32, at * 32 + 32) !== 0);
  return wrong === -1 ? entries.length : wrong;
}

function unfit(position: number): RecordDamaged {
  return new RecordDamaged(position, "its entry and the log's tree do not fit together");
}

interface LogParts {
  readonly tree: LogTree;
  readonly identity: LogIdentity;
  readonly privateKey: KeyObject;
  readonly before: SignedBefore;
  readonly size: number;
}
