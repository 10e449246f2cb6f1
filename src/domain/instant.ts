/** An instant in milliseconds since 1970, or what is wrong with the text that should name one. */
export type InstantReading = { readonly ms: number } | { readonly fault: string };

const form = /^(\d{4}-\d\d-\d\d)T(\d\d:\d\d:)(\d\d)(?:\.(\d+))?(?:Z|([+-])(\d\d):(\d\d))$/i;

const malformed = "must be a date and a time with its offset, as 2026-03-03T14:05:00Z or 2026-03-03T15:05:00.5+01:00";
const leaping = "names a leap second, which no clock here has; take the second before or after it";
const impossible = "names a date, a time or an offset that does not exist";

/**
 * Reads an instant as RFC 3339 writes it. A date without a time and a time without an offset name none; what is finer
 * than a millisecond is cut off.
 */
export function readInstant(text: string): InstantReading {
  const parts = form.exec(text);
  if (parts === null) return { fault: malformed };
  const [, date = "", minutes = "", second = "", fraction = "", sign, offsetHours = "0", offsetMinutes = "0"] = parts;
  if (second === "60") return { fault: leaping };
  const local = `${date}T${minutes}${second}.${fraction.padEnd(3, "0").slice(0, 3)}Z`;
  const ms = Date.parse(local);
  // Date.parse takes 30 February for 2 March, and 24:00 for the next day.
  const isReal = !Number.isNaN(ms) && new Date(ms).toISOString() === local;
  if (!isReal || Number(offsetHours) > 23 || Number(offsetMinutes) > 59) return { fault: impossible };
  const offset = (Number(offsetHours) * 60 + Number(offsetMinutes)) * 60_000;
  return { ms: sign === "-" ? ms + offset : ms - offset };
}
