/**
 * The verifier of receipts. One file that needs nothing but SHA-256 and Ed25519, so that it can be copied, or written
 * anew in another language: docs/audit-log.md describes every byte that is read here, with an example to test against.
 */
import { createPublicKey, hash, type KeyObject, verify } from "node:crypto";

/** What a receipt proves, or the sentence that says why it proves nothing. */
export type Verdict =
  | {
      readonly ok: true;
      /** The log's name, which its key signed with. */
      readonly origin: string;
      /** The change's position, which is its entry's index in the log. */
      readonly position: number;
      /** How many entries the log had when it signed. */
      readonly size: number;
      /** When the change was recorded: RFC 3339 in UTC with milliseconds. */
      readonly at: string;
      readonly kind: string;
      /** The change itself, when an opening was given. */
      readonly change?: Change;
    }
  | { readonly ok: false; readonly why: string };

type Change = Readonly<Record<string, unknown>>;

/** An entry of the log, which is all that the log says of a change. */
export interface Entry {
  /** RFC 3339 in UTC with milliseconds. */
  readonly at: string;
  readonly kind: string;
  /** 32 bytes. */
  readonly commitment: Buffer;
}

interface Checkpoint {
  readonly origin: string;
  readonly size: number;
  readonly root: Buffer;
}

interface Receipt {
  /** The entry's bytes, as they were hashed. */
  readonly entry: Buffer;
  readonly index: number;
  /** The hashes beside the way from the leaf up to the root. */
  readonly path: readonly Buffer[];
  /** The signed note. */
  readonly checkpoint: string;
}

/** Something that was given is not what it should be; the message is a sentence for whoever gave it. */
export class ReceiptInvalid extends Error {}

/**
 * Whether the receipt's entry is in the log that the key signs for and, with an opening, which change it stands for.
 *
 * @param receipt as GET /v1/changes/{position}/receipt answered it
 * @param verifierKey as GET /v1/log/key answers it, without its line end; from a source that you trust
 * @param opening as GET /v1/changes/{position} answered it
 */
export function verifyReceipt(receipt: string, verifierKey: string, opening?: string): Verdict {
  try {
    const { entry: bytes, index, path, checkpoint } = parseReceipt(receipt);
    const { origin, size, root } = parseCheckpoint(openNote(checkpoint, verifierKey));
    const { name } = parseKey(verifierKey);
    if (origin !== name) throw new ReceiptInvalid(`The checkpoint is of ${origin}, but the key is that of ${name}.`);
    if (!rootFromPath(hashLeaf(bytes), index, size, path).equals(root)) {
      throw new ReceiptInvalid("The path does not lead from the entry to the checkpoint's root hash.");
    }
    const entry = readEntry(bytes);
    const facts = { ok: true, origin, position: index, size, at: entry.at, kind: entry.kind } as const;
    return opening === undefined ? facts : { ...facts, change: openEntry(entry, index, opening) };
  } catch (error) {
    if (error instanceof ReceiptInvalid) return { ok: false, why: error.message };
    throw error;
  }
}

/**
 * The change that the entry stands for.
 *
 * @throws ReceiptInvalid when the opening is that of another change, or of none
 */
function openEntry(entry: Entry, position: number, opening: string): Change {
  const { position: opened, salt, change } = parseOpening(opening);
  if (opened !== position) {
    throw new ReceiptInvalid(`The change is the one at position ${opened}, but the receipt is for ${position}.`);
  }
  if (!commitmentOf(salt, changeTextOf(change)).equals(entry.commitment)) {
    throw new ReceiptInvalid("The change and its salt do not give the entry's commitment: one of them was altered.");
  }
  for (const member of ["at", "kind"] as const) {
    if (change[member] !== entry[member]) throw new ReceiptInvalid(`The change and its entry differ in "${member}".`);
  }
  return change;
}

function parseOpening(opening: string): { position: number; salt: Buffer; change: Change } {
  const { position, salt, change, ...others } = parseObject(opening) ?? {};
  if (typeof position === "number" && typeof salt === "string" && isObject(change) && !Object.keys(others).length) {
    return { position, salt: parseHash(salt, "The change's salt"), change };
  }
  throw new ReceiptInvalid('The change is not a JSON object with exactly "position", "salt" and "change".');
}

function parseObject(text: string): Change | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isObject(value: unknown): value is Change {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function changeTextOf(change: Change): string {
  try {
    return canonicalJson(change);
  } catch {
    throw new ReceiptInvalid("The change has no canonical JSON: it holds broken Unicode, or is nested too deeply.");
  }
}

/**
 * The parts of a receipt (c2sp.org/tlog-proof). Nothing of it is verified yet.
 *
 * @throws ReceiptInvalid when it is not one
 */
function parseReceipt(text: string): Receipt {
  if (!text.startsWith("c2sp.org/tlog-proof@v1\n")) {
    throw new ReceiptInvalid('It is not a receipt: its first line is not "c2sp.org/tlog-proof@v1".');
  }
  const end = text.indexOf("\n\n");
  if (end === -1) throw new ReceiptInvalid("The receipt is cut off: it ends before its checkpoint.");
  const [, extra = "", index = "", ...path] = text.slice(0, end).split("\n");
  if (!extra.startsWith("extra ")) throw new ReceiptInvalid("The receipt's second line does not hold the entry.");
  if (!index.startsWith("index ")) throw new ReceiptInvalid("The receipt's third line does not hold the index.");
  return {
    entry: parseBase64(extra.slice(6), "The receipt's entry"),
    index: parseNumber(index.slice(6), "The receipt's index"),
    path: path.map((line, at) => parseHash(line, `Line ${at + 4} of the receipt`)),
    checkpoint: text.slice(end + 2),
  };
}

/**
 * The text of a checkpoint (c2sp.org/tlog-checkpoint), without its signatures. Lines that a later version may add
 * after the root hash are left alone: the signature covers them.
 *
 * @throws ReceiptInvalid when it is not one
 */
export function parseCheckpoint(text: string): Checkpoint {
  const [origin = "", size = "", root = "", ...extensions] = text.split("\n");
  if (origin === "" || extensions.pop() !== "" || extensions.includes("")) {
    throw new ReceiptInvalid("The checkpoint is not the lines of an origin, a size and a root hash.");
  }
  return {
    origin,
    size: parseNumber(size, "The checkpoint's size"),
    root: parseHash(root, "The checkpoint's root hash"),
  };
}

/** What a note may carry beside the log's own signature: those of many witnesses. */
const mostSignatures = 100;

/**
 * The text of a signed note (c2sp.org/signed-note), once a signature of the key verifies. Signatures of other keys say
 * nothing and are passed over.
 *
 * @throws ReceiptInvalid when it is not a note, or not signed by the key, or the key is none
 */
export function openNote(note: string, verifierKey: string): string {
  const key = parseKey(verifierKey);
  const end = note.lastIndexOf("\n\n") + 1;
  const hasControls = /[^\P{Cc}\n]/u.test(note);
  if (end === 0 || !note.endsWith("\n") || hasControls || !note.isWellFormed()) {
    throw new ReceiptInvalid("The checkpoint is not a signed note: a text, an empty line, lines of signatures.");
  }
  const text = note.slice(0, end);
  const lines = note.slice(end + 1, -1).split("\n");
  if (lines.length > mostSignatures) {
    throw new ReceiptInvalid(`The checkpoint has over ${mostSignatures} lines of signatures.`);
  }
  const own = lines.map(parseSignature).filter(({ name, id }) => name === key.name && id.equals(key.id));
  if (own.length === 0) throw new ReceiptInvalid(`The checkpoint is not signed by the key of ${key.name}.`);
  if (!own.every(({ signature }) => verify(undefined, Buffer.from(text), key.publicKey, signature))) {
    throw new ReceiptInvalid(`The signature of ${key.name} does not fit the checkpoint: one of them was altered.`);
  }
  return text;
}

function parseSignature(line: string): { name: string; id: Buffer; signature: Buffer } {
  const [, name = "", blob = ""] = /^— ([^\s+]+) (\S+)$/u.exec(line) ?? [];
  const bytes = parseBase64(blob, "A line of signatures");
  if (bytes.length < 5) throw new ReceiptInvalid("A line of signatures is not a dash, a name and a signature.");
  return { name, id: bytes.subarray(0, 4), signature: bytes.subarray(4) };
}

/** The type of signature that Ed25519 has in notes and keys. */
const ed25519 = 0x01;

/** What stands before the 32 bytes of an Ed25519 key in its DER encoding (RFC 8410). */
const spkiPrefix = Buffer.from("302a300506032b6570032100", "hex");

/**
 * The parts of a verifier key (c2sp.org/signed-note).
 *
 * @throws ReceiptInvalid when it is none
 */
export function parseKey(verifierKey: string): { name: string; id: Buffer; publicKey: KeyObject } {
  const [, name = "", id = "", blob = ""] = /^([^\s+]+)\+([0-9a-f]{8})\+(\S+)$/u.exec(verifierKey) ?? [];
  if (name === "") throw new ReceiptInvalid("The verifier key is not of the form name+12345678+base64.");
  const bytes = parseBase64(blob, "The verifier key's last part");
  if (bytes[0] !== ed25519 || bytes.length !== 33) throw new ReceiptInvalid("The verifier key is not one of Ed25519.");
  const raw = bytes.subarray(1);
  if (keyId(name, raw).toString("hex") !== id) {
    throw new ReceiptInvalid("The verifier key's name, id and key do not belong together: one of them was altered.");
  }
  const publicKey = createPublicKey({ key: Buffer.concat([spkiPrefix, raw]), format: "der", type: "spki" });
  return { name, id: Buffer.from(id, "hex"), publicKey };
}

/** The four bytes by which a signature line names its key. @param publicKey the 32 bytes of an Ed25519 key */
export function keyId(name: string, publicKey: Uint8Array): Buffer {
  return sha256(Buffer.concat([Buffer.from(`${name}\n`), Buffer.of(ed25519), publicKey])).subarray(0, 4);
}

/**
 * The root hash to which the path leads from a leaf (RFC 9162, section 2.1.3.2).
 *
 * @param leaf the entry's leaf hash, at this index of a tree of this many leaves
 * @throws ReceiptInvalid when no path of this length can lead from there to the root
 */
export function rootFromPath(leaf: Buffer, index: number, size: number, path: readonly Buffer[]): Buffer {
  if (index >= size) throw new ReceiptInvalid(`Position ${index} is not in a log of ${size} entries.`);
  let [root, node, last] = [leaf, index, size - 1];
  for (const sibling of path) {
    if (last === 0) throw new ReceiptInvalid("The path has too many hashes for the log's size.");
    if (node % 2 === 1 || node === last) {
      root = hashNode(sibling, root);
      // The last node of a level that has no sibling goes up as it is.
      while (node % 2 === 0 && node !== 0) [node, last] = [half(node), half(last)];
    } else {
      root = hashNode(root, sibling);
    }
    [node, last] = [half(node), half(last)];
  }
  if (last !== 0) throw new ReceiptInvalid("The path has too few hashes for the log's size.");
  return root;
}

/** Not a shift: positions go beyond 32 bits. */
function half(number: number): number {
  return Math.floor(number / 2);
}

/** The hash of an entry as a leaf of the tree (RFC 6962). */
export function hashLeaf(entry: Uint8Array): Buffer {
  const bytes = Buffer.allocUnsafe(1 + entry.length);
  bytes[0] = 0x00;
  bytes.set(entry, 1);
  return sha256(bytes);
}

/** The hash of a node above two hashes of 32 bytes (RFC 6962). */
export function hashNode(left: Uint8Array, right: Uint8Array): Buffer {
  const bytes = Buffer.allocUnsafe(65);
  bytes[0] = 0x01;
  bytes.set(left, 1);
  bytes.set(right, 33);
  return sha256(bytes);
}

/** What the log says of a change without saying what it is: SHA-256 over the 32 bytes of salt and the change's text. */
export function commitmentOf(salt: Uint8Array, text: string): Buffer {
  return sha256(Buffer.concat([salt, Buffer.from(text)]));
}

/** SHA-256, by way of a string of bytes: a third of what createHash costs, half of what a Buffer from hash() does. */
export function sha256(bytes: Uint8Array): Buffer {
  return Buffer.from(hash("sha256", bytes, "binary"), "binary");
}

/** The bytes of an entry: its canonical JSON. */
export function printEntry({ at, commitment, kind }: Entry): Buffer {
  return Buffer.from(`{"at":"${at}","commitment":"${commitment.toString("base64")}","kind":"${kind}"}`);
}

const entryForm =
  /^\{"at":"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z)","commitment":"([\w+/]{43}=)","kind":"([a-z]{1,40})"\}$/;

/**
 * What an entry says.
 *
 * @throws ReceiptInvalid when the bytes are not exactly what printEntry gives
 */
export function readEntry(bytes: Buffer): Entry {
  const [, at = "", commitment = "", kind = ""] = entryForm.exec(bytes.toString("latin1")) ?? [];
  if (kind === "" || Number.isNaN(Date.parse(at))) {
    throw new ReceiptInvalid("The entry is not a JSON object of a time, a commitment and a kind in canonical form.");
  }
  return { at, kind, commitment: parseHash(commitment, "The entry's commitment") };
}

/**
 * Canonical JSON (RFC 8785): no white space, names sorted by UTF-16 code units. Members that are undefined are left out.
 *
 * @throws TypeError for what JSON cannot say: undefined, functions, bigints, NaN, infinities, lone surrogates, instances
 */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${Array.from(value, canonicalJson).join(",")}]`;
  if (typeof value === "object" && value !== null) return canonicalObject(value);
  if (typeof value === "string" && !value.isWellFormed()) throw new TypeError("a lone surrogate is no text");
  if (typeof value === "number" && !Number.isFinite(value)) throw new TypeError(`${value} is no JSON number`);
  const text: unknown = JSON.stringify(value);
  if (typeof text !== "string") throw new TypeError(`${typeof value} is not JSON`);
  return text;
}

function canonicalObject(object: object): string {
  const prototype: unknown = Object.getPrototypeOf(object);
  if (prototype !== Object.prototype && prototype !== null) throw new TypeError("only plain objects are JSON");
  const members: [string, unknown][] = Object.entries(object).filter(([, member]) => member !== undefined);
  members.sort(([one], [other]) => (one < other ? -1 : 1));
  return `{${members.map(([name, member]) => `${canonicalJson(name)}:${canonicalJson(member)}`).join(",")}}`;
}

function parseNumber(text: string, what: string): number {
  const number = /^(?:0|[1-9]\d{0,15})$/.test(text) ? Number(text) : Number.NaN;
  if (!Number.isSafeInteger(number)) throw new ReceiptInvalid(`${what} is not a whole number without leading zeros.`);
  return number;
}

function parseHash(text: string, what: string): Buffer {
  const bytes = parseBase64(text, what);
  if (bytes.length !== 32) throw new ReceiptInvalid(`${what} is not 32 bytes long.`);
  return bytes;
}

/** Standard base64 (RFC 4648) in the one way that the bytes can be written: a flipped bit never goes unnoticed. */
function parseBase64(text: string, what: string): Buffer {
  const bytes = Buffer.from(text, "base64");
  if (bytes.toString("base64") !== text) throw new ReceiptInvalid(`${what} is not base64.`);
  return bytes;
}
