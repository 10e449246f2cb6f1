import { createHash, createPrivateKey, generateKeyPairSync, hkdfSync, type KeyObject, randomBytes } from "node:crypto";
import {
  closeSync,
  existsSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { open, rename } from "node:fs/promises";
import { dirname } from "node:path";
import { rawPublicKey } from "../audit/checkpoint.ts";
import { type KeyFiles, KeyUnusable } from "../service/key-files.ts";
import { StoreUnavailable } from "../service/store.ts";
import { inMemory } from "./sqlite/database-file.ts";

/** @param path of the key's file, which need not be there; `:memory:` keeps nothing */
export function openKeyFiles(path: string): KeyFiles {
  return path === inMemory ? new KeyInMemory() : new KeyOnDisk(path);
}

/** A private key, and the root that secrets are derived from: its own, or that of the first key before it. */
interface Held {
  readonly key: KeyObject;
  readonly root: Buffer;
}

/**
 * The key's file is PKCS#8 in PEM. After a new key was made there is a second block in it, with the first key's root:
 * one file is all that has to be kept, and no other program minds what stands behind the key. The root is derived from
 * the first key's seed, which it does not give back: nobody signs with it.
 */
class KeyOnDisk implements KeyFiles {
  readonly path: string;

  constructor(path: string) {
    this.path = path;
  }

  privateKey(): KeyObject | undefined {
    return this.#held()?.key;
  }

  firstKey(): KeyObject {
    const held = this.privateKey();
    if (held !== undefined) return held;
    const key = makeKey();
    return createFile(this.path, printKey(key)) ? key : this.firstKey();
  }

  newKey(): KeyObject {
    const key = makeKey();
    this.putKey(key);
    return key;
  }

  putKey(key: KeyObject): void {
    const before = this.#held();
    if (before !== undefined) {
      const digest = createHash("sha256").update(rawPublicKey(before.key)).digest("hex");
      replaceFile(`${this.path}.${digest.slice(0, 16)}.old`, readFileSync(this.path, "utf8"));
    }
    replaceFile(this.path, printKey(key) + (before === undefined ? "" : printRoot(before.root)));
  }

  keptCheckpoint(): string | undefined {
    return readText(`${this.path}.checkpoint`);
  }

  async keepCheckpoint(note: string): Promise<void> {
    const file = `${this.path}.checkpoint`;
    if (isBefore(note, this.keptCheckpoint())) return;
    // Nodes that share the key's folder write at the same time, each its own draft.
    const name = draftOf(file);
    try {
      await using draft = await open(name, "wx", 0o600);
      await draft.writeFile(note);
      await draft.sync();
      await rename(name, file);
      await using folder = await open(dirname(file));
      await folder.sync();
    } catch (error) {
      rmSync(name, { force: true });
      throw new StoreUnavailable(`${file} cannot be written`, { cause: error });
    }
  }

  addErasure(line: string): () => void {
    const file = `${this.path}.erased`;
    const isNew = !existsSync(file);
    return inBook(file, (book) => {
      const { size } = fstatSync(book);
      try {
        writeFileSync(book, `${endsInsideLine(book, size) ? "\n" : ""}${line}\n`);
        fsyncSync(book);
        if (isNew) syncFolder(file);
      } catch (error) {
        cut(book, size);
        throw error;
      }
      return () => inBook(file, (again) => cut(again, size));
    });
  }

  erasures(): string[] {
    return (readText(`${this.path}.erased`) ?? "").split("\n").filter((line) => line !== "");
  }

  secret(use: string): Buffer {
    const held = this.#held();
    if (held === undefined) throw new KeyUnusable(`There is no key ${this.path}; starting the service once makes it.`);
    return derive(held.root, use);
  }

  #held(): Held | undefined {
    const text = readText(this.path);
    if (text === undefined) return undefined;
    const key = readKey(text);
    if (key !== undefined) return { key, root: readRoot(text) ?? rootOf(key) };
    throw new KeyUnusable(
      `${this.path} holds no Ed25519 private key in PEM; put the log's key there, or set SAYWHEN_KEY.`,
    );
  }
}

/** For tests and for trying things out: all of it goes with the process. */
class KeyInMemory implements KeyFiles {
  readonly path = inMemory;
  readonly #erasures: string[] = [];
  #held: Held | undefined;
  #checkpoint: string | undefined;

  privateKey(): KeyObject | undefined {
    return this.#held?.key;
  }

  firstKey(): KeyObject {
    return this.privateKey() ?? this.newKey();
  }

  newKey(): KeyObject {
    const key = makeKey();
    this.putKey(key);
    return key;
  }

  putKey(key: KeyObject): void {
    this.#held = { key, root: this.#held?.root ?? rootOf(key) };
  }

  keptCheckpoint(): string | undefined {
    return this.#checkpoint;
  }

  async keepCheckpoint(note: string): Promise<void> {
    if (!isBefore(note, this.#checkpoint)) this.#checkpoint = note;
  }

  addErasure(line: string): () => void {
    const length = this.#erasures.push(line) - 1;
    return () => void this.#erasures.splice(length);
  }

  erasures(): string[] {
    return [...this.#erasures];
  }

  secret(use: string): Buffer {
    if (this.#held === undefined) throw new KeyUnusable("There is no key yet.");
    return derive(this.#held.root, use);
  }
}

/** A private key that signs nothing yet, and is kept nowhere yet. */
export function makeKey(): KeyObject {
  return generateKeyPairSync("ed25519").privateKey;
}

function printKey(key: KeyObject): string {
  return String(key.export({ format: "pem", type: "pkcs8" }));
}

function readKey(text: string): KeyObject | undefined {
  const [pem] = /-----BEGIN PRIVATE KEY-----[^-]+-----END PRIVATE KEY-----/.exec(text) ?? [];
  if (pem === undefined) return undefined;
  try {
    const key = createPrivateKey(pem);
    return key.asymmetricKeyType === "ed25519" ? key : undefined;
  } catch {
    return undefined;
  }
}

/** Derived from the 32 bytes that an Ed25519 key is made from; they end its DER encoding (RFC 8410). */
function rootOf(key: KeyObject): Buffer {
  return derive(key.export({ format: "der", type: "pkcs8" }).subarray(-32), "root");
}

const rootForm = /-----BEGIN SAYWHEN ROOT SECRET-----\s+([\w+/]{43}=)\s+-----END SAYWHEN ROOT SECRET-----/;

function printRoot(root: Buffer): string {
  return `-----BEGIN SAYWHEN ROOT SECRET-----\n${root.toString("base64")}\n-----END SAYWHEN ROOT SECRET-----\n`;
}

function readRoot(text: string): Buffer | undefined {
  const [, root] = rootForm.exec(text) ?? [];
  return root === undefined ? undefined : Buffer.from(root, "base64");
}

function derive(from: Buffer, use: string): Buffer {
  return Buffer.from(hkdfSync("sha256", from, "", `saywhen ${use}`, 32));
}

function readText(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw new KeyUnusable(`${file} cannot be read.`, { cause: error });
  }
}

/** Writes a file durably, whole or not at all, for its owner only; makes its folder where it is missing. */
export function replaceFile(file: string, text: string): void {
  const draft = `${file}.new`;
  try {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    writeFileSync(draft, text, { mode: 0o600, flush: true });
    renameSync(draft, file);
    syncFolder(file);
  } catch (error) {
    throw new KeyUnusable(`${file} cannot be written.`, { cause: error });
  }
}

/** Writes a file as `replaceFile` does, unless it is there by then: answers whether it was written. */
function createFile(file: string, text: string): boolean {
  const draft = draftOf(file);
  try {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    writeFileSync(draft, text, { mode: 0o600, flush: true });
    linkSync(draft, file);
    syncFolder(file);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    // Some file systems know no links: there, two nodes had better not share a folder at their first start.
    replaceFile(file, text);
    return true;
  } finally {
    rmSync(draft, { force: true });
  }
}

/** Where a file is written before it takes its place: nobody else writes there. */
function draftOf(file: string): string {
  return `${file}.${randomBytes(4).toString("hex")}.new`;
}

/** Whether a checkpoint is of the same log as the one that is kept, and smaller: a slower node's. */
function isBefore(note: string, kept: string | undefined): boolean {
  const [origin, size] = note.split("\n", 2);
  const [keptOrigin, keptSize] = kept?.split("\n", 2) ?? [];
  return origin === keptOrigin && Number(size) < Number(keptSize);
}

/** A new name in a folder is durable once the folder is. */
function syncFolder(file: string): void {
  const folder = openSync(dirname(file), "r");
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}

/** Does something to the book of erasures. @throws StoreUnavailable */
function inBook<Value>(file: string, work: (book: number) => Value): Value {
  try {
    const book = openSync(file, "a+", 0o600);
    try {
      return work(book);
    } finally {
      closeSync(book);
    }
  } catch (error) {
    throw new StoreUnavailable(`${file} cannot be written`, { cause: error });
  }
}

/** Takes away, durably, what stands behind the first `size` bytes. */
function cut(file: number, size: number): void {
  if (fstatSync(file).size <= size) return;
  ftruncateSync(file, size);
  fsyncSync(file);
}

/** Whether the last line of a file of `size` bytes has no end: the machine went down while it was written. */
function endsInsideLine(file: number, size: number): boolean {
  const last = Buffer.alloc(1);
  return size > 0 && readSync(file, last, 0, 1, size - 1) === 1 && last.toString() !== "\n";
}
