import { randomBytes } from "node:crypto";
import { sha256 } from "../audit/verify-receipt.ts";
import { type Act, draft } from "../domain/change.ts";
import { markingStream } from "../domain/stream.ts";
import type { MarkKey } from "../domain/suppression.ts";
import type { Newest, Step, Store } from "./store.ts";

const keyBytes = 32;
const markBytes = 16;

/** Who records the key: nobody asked for it. */
const ownAct: Act = { actor: "saywhen", client: "saywhen" };

/** What a mark looks like: 16 bytes in base64url. */
export const markPattern = "[A-Za-z0-9_-]{22}";

/** Makes the HMAC-SHA-256 of an address in its normal form: its mark is how that begins. */
export type Marker = (normal: string) => Buffer;

/** Bytes that SHA-256 takes in at a time, which is as long as HMAC makes its key (RFC 2104). */
const pieceBytes = 64;

/**
 * Who marks addresses by a key. An index marks millions of them when it is built, so HMAC is put together from two hashes
 * of one call each: a fifth of what createHmac costs. A test holds it against that. Whoever marks by the same key object
 * gets the same marker, which knows the last marks: what is taken in of a change is asked for by more than one.
 */
export function markerOf(key: MarkKey): Marker {
  const kept = markers.get(key);
  if (kept !== undefined) return kept;
  const made = remembering(hmacBy(key));
  markers.set(key, made);
  return made;
}

/** A key is mostly the same object, as its change is remembered. */
const markers = new WeakMap<MarkKey, Marker>();

function hmacBy({ key }: MarkKey): Marker {
  const [inner, outer] = [padded(key, 0x36), padded(key, 0x5c)];
  return (normal) => sha256(Buffer.concat([outer, sha256(Buffer.concat([inner, Buffer.from(normal)]))]));
}

/** Marks that are remembered at most; then all of them are forgotten. */
const rememberedMarks = 256;

function remembering(marker: Marker): Marker {
  const marks = new Map<string, Buffer>();
  return (normal) => {
    const known = marks.get(normal);
    if (known !== undefined) return known;
    if (marks.size >= rememberedMarks) marks.clear();
    const made = marker(normal);
    marks.set(normal, made);
    return made;
  };
}

function padded(key: string, pad: number): Buffer {
  const piece = Buffer.alloc(pieceBytes, pad);
  Buffer.from(key, "base64").forEach((byte, index) => piece.writeUInt8(byte ^ pad, index));
  return piece;
}

/**
 * What stands for an address wherever its suppressions are named: whoever lacks the key cannot tell which address it is,
 * and the same address has the same mark for as long as the log lasts.
 *
 * @param normal the address in its normal form
 */
export function markOf(key: MarkKey, normal: string): string {
  return markerOf(key)(normal).toString("base64url", 0, markBytes);
}

/**
 * The key of this log, which is made when there is none. It stands in the log itself: so every node has the same one, and
 * it comes along wherever the changes go.
 */
export async function ensureMarkKey(store: Store): Promise<MarkKey> {
  const [recorded] = await store.newest([markingStream]);
  if (recorded !== undefined) return recorded.document;
  const made: MarkKey = { key: randomBytes(keyBytes).toString("base64") };
  const step = (newest: Newest): Step<MarkKey> => {
    const earlier = newest.change(markingStream);
    if (earlier !== undefined) return { refuse: earlier.document };
    return { append: [draft(ownAct, "marking", markingStream, made)] };
  };
  const result = await store.append({ reads: [markingStream], step });
  return "refused" in result ? result.refused : made;
}
