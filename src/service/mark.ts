import { randomBytes } from "node:crypto";
import type { Act } from "../domain/change.ts";
import { draft } from "../domain/change.ts";
import { markingStream } from "../domain/stream.ts";
import type { MarkKey } from "../domain/suppression.ts";
import { type Marker, markerOf } from "./marker.ts";
import type { Newest, Step, Store } from "./store.ts";

const keyBytes = 32;
const markBytes = 16;

/** Who records the key: nobody asked for it. */
const ownAct: Act = { actor: "saywhen", client: "saywhen" };

/** What a mark looks like: 16 bytes in base64url. */
export const markPattern = "[A-Za-z0-9_-]{22}";

/**
 * What stands for an address wherever its suppressions are named: whoever lacks the key cannot tell which address it is,
 * and the same address has the same mark for as long as the log lasts.
 *
 * @param normal the address in its normal form
 */
export function markOf(key: MarkKey, normal: string): string {
  const words = knownMarker(key).digestOf(normal);
  const mark = Buffer.alloc(markBytes);
  for (let index = 0; index < markBytes / 4; index += 1) mark.writeInt32BE(words[index] ?? 0, 4 * index);
  return mark.toString("base64url");
}

/** A log has one key for as long as it lasts, so the last one used is the one. */
let known: { readonly key: string; readonly marker: Marker } | undefined;

function knownMarker({ key }: MarkKey): Marker {
  if (known?.key !== key) known = { key, marker: markerOf({ key }) };
  return known.marker;
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
