import { createPublicKey, type KeyObject, sign } from "node:crypto";
import { keyId, openNote, parseCheckpoint, ReceiptInvalid } from "./verify-receipt.ts";

/**
 * The text of a checkpoint (c2sp.org/tlog-checkpoint), ready to be signed.
 *
 * @param origin the log's name, which is its key's too
 * @param size how many entries the log has
 * @param root the root hash over them, 32 bytes
 */
export function printCheckpoint({ origin, size, root }: { origin: string; size: number; root: Buffer }): string {
  return `${origin}\n${size}\n${root.toString("base64")}\n`;
}

/**
 * The text with a signature line under it (c2sp.org/signed-note).
 *
 * @param text ends with a line end
 * @param name the key's name: not empty, without spaces and plus signs
 * @param privateKey an Ed25519 key
 */
export function signNote(text: string, name: string, privateKey: KeyObject): string {
  const signature = sign(undefined, Buffer.from(text), privateKey);
  const line = Buffer.concat([keyId(name, rawPublicKey(privateKey)), signature]).toString("base64");
  return `${text}\n— ${name} ${line}\n`;
}

/** What a checkpoint says, and the verifier key of who has signed it; or, in a sentence, why it shows nothing. */
export type OpenedCheckpoint =
  | { readonly ok: true; readonly origin: string; readonly size: number; readonly root: Buffer; readonly key: string }
  | { readonly ok: false; readonly why: string };

/**
 * Reads a checkpoint, once one of the keys, that of its origin, has signed it.
 *
 * @param note the signed note, from wherever it comes
 * @param verifierKeys of the log's identities
 */
export function openCheckpoint(note: string, verifierKeys: Iterable<string>): OpenedCheckpoint {
  const name = note.slice(0, note.indexOf("\n"));
  let why = "it is not signed by a key of this log.";
  for (const key of verifierKeys) {
    if (!key.startsWith(`${name}+`)) continue;
    try {
      return { ok: true, ...parseCheckpoint(openNote(note, key)), key };
    } catch (error) {
      if (!(error instanceof ReceiptInvalid)) throw error;
      why = error.message;
    }
  }
  return { ok: false, why };
}

/**
 * The key by which others verify the notes, as text (c2sp.org/signed-note): name, id and key.
 *
 * @param publicKey the 32 bytes of an Ed25519 key
 */
export function verifierKeyOf(name: string, publicKey: Uint8Array): string {
  const key = Buffer.concat([Buffer.of(0x01), publicKey]).toString("base64");
  return `${name}+${keyId(name, publicKey).toString("hex")}+${key}`;
}

/** The 32 bytes of an Ed25519 key's public half; they end its DER encoding (RFC 8410). */
export function rawPublicKey(key: KeyObject): Buffer {
  const half = key.type === "private" ? createPublicKey(key) : key;
  return half.export({ format: "der", type: "spki" }).subarray(-32);
}

/** A change's proof with its signed checkpoint (c2sp.org/tlog-proof). */
interface Proof {
  /** The bytes of the change's entry. */
  readonly entry: Uint8Array;
  readonly position: number;
  /** The inclusion path of the position in the checkpoint's tree. */
  readonly path: readonly Buffer[];
  /** The signed note. */
  readonly checkpoint: string;
}

/** The receipt as it is handed out and kept. */
export function printReceipt({ entry, position, path, checkpoint }: Proof): string {
  const head = ["c2sp.org/tlog-proof@v1", `extra ${Buffer.from(entry).toString("base64")}`, `index ${position}`];
  return [...head, ...path.map((hash) => hash.toString("base64")), "", checkpoint].join("\n");
}
