/** Years, months and days, or weeks: days are as fine as a promise about contact gets. */
const form = /^P(?:(\d{1,4})W|(?=\d)(?:(\d{1,4})Y)?(?:(\d{1,4})M)?(?:(\d{1,4})D)?)$/;

const dayMs = 24 * 60 * 60 * 1000;

/** Whether a text is an ISO 8601 duration in years, months and days, or in weeks, and not nothing at all. */
export function isDuration(text: string): boolean {
  return form.test(text) && /[1-9]/.test(text);
}

/**
 * The instant from which a consent no longer counts: its date and the duration later, by the calendar in UTC, the time of
 * day kept. Years and months come first; where that month is too short for the day, its last day counts, so that a year
 * from 29 February ends on 28 February: never later than the person could have meant.
 *
 * @param consent in milliseconds since 1970
 * @param duration one for which `isDuration` holds
 * @returns milliseconds since 1970; NaN for a consent without a date, which is before no instant
 */
export function expiryOf(consent: number, duration: string): number {
  const [, weeks = "0", years = "0", months = "0", days = "0"] = form.exec(duration) ?? [];
  const date = new Date(consent);
  const month = new Date(consent);
  month.setUTCDate(1);
  month.setUTCMonth(date.getUTCMonth() + 12 * Number(years) + Number(months));
  const lastDay = new Date(month);
  lastDay.setUTCMonth(month.getUTCMonth() + 1, 0);
  month.setUTCDate(Math.min(date.getUTCDate(), lastDay.getUTCDate()));
  return month.getTime() + (7 * Number(weeks) + Number(days)) * dayMs;
}
