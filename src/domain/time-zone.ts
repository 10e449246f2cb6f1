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
  const [, sign, hours = "0", minutes = "0", seconds = "0"] = offset.exec(clockOf(zone)?.format(ms) ?? "") ?? [];
  const size = (Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds)) * 1000;
  return sign === "-" ? -size : size;
}

/** The end of `3/3/2026, GMT-05:00`. Mean times of old had seconds: `GMT-04:56:02`. */
const offset = /GMT([+-])(\d\d):(\d\d)(?::(\d\d))?$/;

/** To make a formatter costs a hundred times as much as to use it. A zone has many spellings, so they are not all kept. */
const clocks = new Map<string, Intl.DateTimeFormat>();

function clockOf(zone: string): Intl.DateTimeFormat | undefined {
  const known = clocks.get(zone);
  if (known !== undefined) return known;
  try {
    const clock = new Intl.DateTimeFormat("en", { timeZone: zone, timeZoneName: "longOffset" });
    if (clocks.size >= limits.keptTimeZones) clocks.clear();
    clocks.set(zone, clock);
    return clock;
  } catch {
    return undefined;
  }
}
