import { isUtf8 } from "node:buffer";
import { limits } from "../domain/limits.ts";
import type { FaultList } from "./fault-list.ts";

/**
 * The text of a body: UTF-8 without a byte order mark, within the limit, and something in it. Otherwise undefined,
 * and the fault is in the list.
 */
export function textOf(body: Uint8Array, faults: FaultList): string | undefined {
  const bytes = Buffer.isBuffer(body) ? body : Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  if (bytes.length > limits.bodyBytes) {
    faults.add("limit-exceeded", [], `is larger than ${limits.bodyBytes} bytes`);
    return undefined;
  }
  const encoding = foreignEncoding(bytes);
  if (encoding !== undefined) {
    faults.add("body-malformed", [], encoding);
    return undefined;
  }
  const text = bytes.toString("utf8");
  if (!isUtf8(bytes)) {
    faults.add("body-malformed", [], `is not valid UTF-8: the byte at offset ${firstBadByte(bytes, text)} is wrong`);
    return undefined;
  }
  if (!/\S/.test(text)) {
    faults.add("body-missing", [], "is empty");
    return undefined;
  }
  return text;
}

/** A first byte of a well-formed body is never zero, and neither is its second: UTF-16 and UTF-32 have one there. */
function foreignEncoding(bytes: Buffer): string | undefined {
  const [first, second, third] = bytes;
  if (first === 0xef && second === 0xbb && third === 0xbf) {
    return "starts with a byte order mark; send UTF-8 without one";
  }
  const isMarked = (first === 0xfe && second === 0xff) || (first === 0xff && second === 0xfe);
  return isMarked || first === 0 || second === 0 ? "is in UTF-16 or UTF-32; send UTF-8" : undefined;
}

/** Decoding puts U+FFFD where a byte is wrong, so that the first difference to the bytes is the place. */
function firstBadByte(bytes: Buffer, text: string): number {
  const again = Buffer.from(text);
  return bytes.findIndex((byte, offset) => byte !== again[offset]);
}
