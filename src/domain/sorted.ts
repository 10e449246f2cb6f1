/** An object of these members, its keys in sorted order (by UTF-16 code units), as a draft's document must have them. */
export function sortedByKey<Value>(entries: readonly (readonly [string, Value])[]): Record<string, Value> {
  return Object.fromEntries(entries.toSorted(([a], [b]) => (a < b ? -1 : 1)));
}
