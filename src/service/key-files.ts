import type { KeyObject } from "node:crypto";

/**
 * The log's private key and what stands beside it, apart from the database: so that a database that was lost, or
 * restored to an earlier state, is found out by what is kept here.
 */
export interface KeyFiles {
  /** Where the key is; the other files' names begin with it. For messages. */
  readonly path: string;

  /**
   * The private key (Ed25519); undefined when there is none.
   *
   * @throws KeyUnusable when it cannot be read, or is none
   */
  privateKey(): KeyObject | undefined;

  /**
   * The private key; a new one where there is none. Where processes that share the folder make one at the same time, all
   * have the same.
   *
   * @throws KeyUnusable when it cannot be read, or written
   */
  firstKey(): KeyObject;

  /**
   * Makes a new private key, and puts it in the place of the one before.
   *
   * @throws KeyUnusable as `putKey` does
   */
  newKey(): KeyObject;

  /**
   * Puts a private key in the place of the one before, durably. That one stays beside it, as `<path>.<16 hexadecimal
   * digits of its public key's SHA-256>.old`, and what `secret` answers stays as it was.
   *
   * @throws KeyUnusable when the one before cannot be read, or this one cannot be written; then nothing has changed
   */
  putKey(key: KeyObject): void;

  /** The last signed checkpoint, as it was kept; undefined when there is none. */
  keptCheckpoint(): string | undefined;

  /**
   * Keeps a signed checkpoint in the place of the one before, unless that is a larger one of the same origin, as another
   * node may have kept it where nodes share the key's folder. When the promise resolves, it survives a power loss.
   * Rejects with StoreUnavailable; then one of the two is there, whole.
   */
  keepCheckpoint(note: string): Promise<void>;

  /**
   * Adds a line to the book of erasures. When it returns, the line survives a power loss.
   *
   * @param line without line ends
   * @returns takes the line back, with whatever was added after it, as durably; throws StoreUnavailable
   * @throws StoreUnavailable; then the book is as it was
   */
  addErasure(line: string): () => void;

  /** The lines of the book of erasures, in their order. A crash can have left one among them that is cut off. */
  erasures(): string[];

  /**
   * 32 bytes that nobody can tell who has not got the key; always the same for one use, also after a new key was made:
   * derived by HKDF-SHA256 from a root that is derived from the first key's seed. The key's file goes on holding the
   * root, which signs nothing, and never that seed.
   *
   * @param use what for, such as `erasures`
   * @throws KeyUnusable when there is no key, or it cannot be read
   */
  secret(use: string): Buffer;
}

/** The log's key is missing, cannot be read, or is not the right one. The message says what to do. */
export class KeyUnusable extends Error {
  override readonly name = "KeyUnusable";
}
