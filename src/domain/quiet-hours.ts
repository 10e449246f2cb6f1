import { countriesOfPhone } from "./address.ts";
import type { Catalogue, Channel } from "./catalogue.ts";
import { limits } from "./limits.ts";
import { offsetAt } from "./time-zone.ts";

const minuteMs = 60 * 1000;
const dayMs = 24 * 60 * minuteMs;

const form = /^([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]):([0-5]\d)$/;

/** Whether a text is two different times of day: `21:00-08:00`, over midnight when the second is the earlier one. */
export function isQuietHours(text: string): boolean {
  const { start, end } = readHours(text);
  return form.test(text) && start !== end;
}

/** Which numbers and zones the catalogue brings together; its keys are countries. */
type Zones = Catalogue["timeZones"];

/** What tells the time zones of an address besides the address itself. */
export interface AskedZones {
  readonly timeZone?: string;
  readonly channel: Channel;
  readonly timeZones: Zones;
}

/**
 * The time zones in which an address may be: the one that was asked for; else those of the number's country, or of every
 * country that it may belong to; else the channel's, or UTC where it has none. Never none.
 *
 * @param normal the address in its normal form
 */
export function zonesOf(normal: string, asked: AskedZones): readonly string[] {
  return zonesOfCountries(countriesCount(asked) ? countriesOfPhone(normal) : [], asked);
}

/** Whether it depends on the countries of an address in which zones it may be. To find them is slow. */
export function countriesCount({ timeZone, timeZones }: Pick<AskedZones, "timeZone" | "timeZones">): boolean {
  return timeZone === undefined && Object.keys(timeZones).length > 0;
}

/** As zonesOf has it, of an address that may belong to these countries. */
export function zonesOfCountries(
  countries: readonly string[],
  { timeZone, channel, timeZones }: AskedZones,
): readonly string[] {
  if (timeZone !== undefined) return [timeZone];
  const zones = countries.flatMap((country) => timeZones[country] ?? []);
  return zones.length > 0 ? zones : [channel.timeZone ?? "UTC"];
}

/**
 * The first instant, from `at` on, that is within the quiet hours of none of the zones: `at` itself when all of them allow
 * it. The first minute of the hours is quiet, their end is not. Clocks that are put forward over the end let it come with
 * the jump; hours that clocks go through twice are quiet twice.
 *
 * @param hours for which `isQuietHours` holds
 * @param at milliseconds since 1970
 * @returns undefined when there is none within a week: the zones are too far apart for these hours
 */
export function allowedFrom(hours: string, zones: readonly string[], at: number): number | undefined {
  const range = readHours(hours);
  let from = at;
  while (from <= at + limits.quietHoursMs) {
    const zone = zones.find((candidate) => isQuiet(range, from + offsetAt(candidate, from)));
    if (zone === undefined) return from;
    from = endOfQuiet(range, zone, from);
  }
  return undefined;
}

/** Times of day in milliseconds since midnight. */
interface Hours {
  readonly start: number;
  readonly end: number;
}

function readHours(text: string): Hours {
  const [, ...parts] = form.exec(text) ?? [];
  const [startHour = 0, startMinute = 0, endHour = 0, endMinute = 0] = parts.map(Number);
  return { start: (startHour * 60 + startMinute) * minuteMs, end: (endHour * 60 + endMinute) * minuteMs };
}

/** @param local milliseconds on the clocks of a place */
function isQuiet({ start, end }: Hours, local: number): boolean {
  return timeBetween(start, local) < timeBetween(start, end);
}

/** How long clocks take from one time of day to the next time that they show another, in milliseconds. */
function timeBetween(one: number, other: number): number {
  return (((other - one) % dayMs) + dayMs) % dayMs;
}

/**
 * The first instant after `quiet` at which it is not quiet in the zone any more. The clocks run evenly up to a change of
 * theirs, from which they are read anew; there are not two of them within one day.
 */
function endOfQuiet(hours: Hours, zone: string, quiet: number): number {
  let from = quiet;
  for (;;) {
    const offset = offsetAt(zone, from);
    const end = from + timeBetween(from + offset, hours.end);
    const change = firstOtherOffset(zone, offset, from, end);
    if (change === undefined) return end;
    if (!isQuiet(hours, change + offsetAt(zone, change))) return change;
    from = change;
  }
}

/** The first instant after `from`, up to `to`, at which the zone's clocks are not ahead of UTC by `offset`. */
function firstOtherOffset(zone: string, offset: number, from: number, to: number): number | undefined {
  if (offsetAt(zone, to) === offset) return undefined;
  let [same, other] = [from, to];
  while (other - same > 1) {
    const middle = Math.floor((same + other) / 2);
    if (offsetAt(zone, middle) === offset) same = middle;
    else other = middle;
  }
  return other;
}
