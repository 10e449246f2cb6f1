/** What a series of rounds gave: noisy machines are read by the median, and judged by how wide the rest lies. */
export interface Spread {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

export function spread(values: readonly number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = (sorted.length - 1) / 2;
  const low = sorted[Math.floor(middle)];
  const high = sorted[Math.ceil(middle)];
  if (low === undefined || high === undefined) throw new Error("no values to summarise");
  return { median: (low + high) / 2, min: sorted[0] ?? low, max: sorted.at(-1) ?? high };
}

/** `18.3 (17.9–20.1)`: the median and, in brackets, the least and the greatest. */
export function printSpread({ median, min, max }: Spread, print: (value: number) => string): string {
  return `${print(median)} (${print(min)}–${print(max)})`;
}
