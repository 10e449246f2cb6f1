import { limits } from "./limits.ts";

/** Whether a text names an IANA time zone. Offsets are refused: a place's clocks change, an offset does not. */
export function isTimeZone(text: string): boolean {
  return /^[A-Za-z]/.test(text) && clockOf(text) !== undefined;
}

/**
 * By how much the clocks of a zone were ahead of UTC at an instant, in milliseconds.
 *
 * @param zone one for which `isTimeZone` holds; UTC counts in place of any other
 * @param ms milliseconds since 1970
 */
export function offsetAt(zone: string, ms: number): number {
  const clock = clockOf(zone);
  if (clock === undefined) return 0;
  const known = clock.offsets.get(ms);
  if (known !== undefined) return known;
  const told = readOffset(clock.format.format(ms));
  if (clock.offsets.size >= limits.keptOffsets) clock.offsets.clear();
  clock.offsets.set(ms, told);
  return told;
}

function readOffset(text: string): number {
  const [, sign, hours = "0", minutes = "0", seconds = "0"] = offset.exec(text) ?? [];
  const size = (Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds)) * 1000;
  return sign === "-" ? -size : size;
}

/** The end of `3/3/2026, GMT-05:00`. Mean times of old had seconds: `GMT-04:56:02`. */
const offset = /GMT([+-])(\d\d):(\d\d)(?::(\d\d))?$/;

/** A zone's clocks, and what they were ahead of UTC at instants that were asked about: everybody is asked about the same. */
interface Clock {
  readonly format: Intl.DateTimeFormat;
  readonly offsets: Map<number, number>;
}

/** To make a formatter costs a hundred times as much as to use it. A zone has many spellings, so they are not all kept. */
const clocks = new Map<string, Clock>();

function clockOf(zone: string): Clock | undefined {
  const known = clocks.get(zone);
  if (known !== undefined) return known;
  try {
    const format = new Intl.DateTimeFormat("en", { timeZone: zone, timeZoneName: "longOffset" });
    const clock: Clock = { format, offsets: new Map() };
    if (clocks.size >= limits.keptTimeZones) clocks.clear();
    clocks.set(zone, clock);
    return clock;
  } catch {
    return undefined;
  }
}
