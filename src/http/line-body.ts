import { limits } from "../domain/limits.ts";
import type { Sent } from "./body.ts";
import type { Line } from "./ndjson.ts";
import { Refusal } from "./route.ts";

/**
 * What is in a line, to be read like a body.
 *
 * @throws Refusal when it is longer than is allowed
 */
export function sentIn({ bytes }: Line): Sent {
  if (bytes !== undefined) return { body: bytes, bodyFormat: "json" };
  const message = `is longer than ${limits.lineBytes} bytes`;
  throw new Refusal("limit-exceeded", [{ problem: "limit-exceeded", place: "", message }]);
}
