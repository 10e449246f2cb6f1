import { limits } from "../domain/limits.ts";
import type { Fault } from "../domain/fault.ts";
import type { Rejection } from "../service/outcome.ts";
import type { Shape } from "../wire/shape.ts";
import { type Call, type PlacedFault, Refusal } from "./route.ts";

/** What was sent: a whole body, or a line of one. */
export type Sent = Pick<Call, "body" | "bodyFormat">;

/**
 * The body, read by its shape.
 *
 * @param faultsOf what else is wrong with what could be read of a body that does not fit its shape
 * @throws Refusal with every fault, each at its place
 */
export async function readBody<Value>(
  shape: Shape<Value>,
  call: Sent,
  faultsOf?: (salvaged: Value) => Promise<readonly Fault[]>,
): Promise<Value> {
  const reading = shape.read(call.body, formatOf(call));
  if ("value" in reading) return reading.value;
  const malformed = reading.faults.find(({ problem }) => problem === "body-malformed" || problem === "body-missing");
  const faults = placed(reading.faults, shape, call);
  if (reading.salvaged === undefined || faultsOf === undefined)
    throw new Refusal(malformed?.problem ?? "invalid", faults);
  const others = placed(await faultsOf(reading.salvaged), shape, call);
  const further = others.filter(({ place }) => !faults.some((fault) => isAround(fault.place, place)));
  throw new Refusal("invalid", [...faults, ...further]);
}

/** Whether one place is the other, or holds it: what stands in for something unreadable is not to be found fault with. */
function isAround(outer: string, inner: string): boolean {
  return outer === inner || inner.startsWith(`${outer}/`) || inner.startsWith(`${outer}[`);
}

/** What a use case rejected, with its faults placed in the body that was sent. */
export function refuseRejected<Value>({ problem, faults }: Rejection, shape?: Shape<Value>, call?: Sent): Refusal {
  if (shape === undefined || call === undefined) return new Refusal(problem);
  return new Refusal(problem, placed(faults, shape, call));
}

function placed<Value>(faults: readonly Fault[], shape: Shape<Value>, call: Sent): PlacedFault[] {
  const listed = faults.slice(0, limits.listedFaults).map((fault) => ({
    problem: fault.problem,
    place: shape.place(fault.path, call.body, formatOf(call)),
    message: fault.message,
  }));
  const others = faults.slice(limits.listedFaults);
  if (others[0] === undefined) return listed;
  const message = others.length === 1 ? others[0].message : `the body has ${others.length} more faults`;
  return [...listed, { problem: others[0].problem, place: "", message }];
}

function formatOf({ bodyFormat }: Sent): "json" | "xml" {
  return bodyFormat === "xml" ? "xml" : "json";
}
