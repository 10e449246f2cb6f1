/** What stood or stands somewhere, in a few words for people. */
export function worded(said: unknown): string {
  if (said === null) return "nothing";
  if (typeof said === "string") return said;
  const { state, value } = Object(said) as { readonly state?: string; readonly value?: string };
  if (state !== undefined) return value === undefined ? state : `${state} ${value}`;
  return JSON.stringify(said);
}
