import { DatabaseSync } from "node:sqlite";
import fc from "fast-check";

/** Where a bit is: numbers below 1, to be scaled by how many there are. */
export interface Flip {
  readonly table: (typeof tables)[number];
  readonly row: number;
  readonly column: number;
  readonly bit: number;
}

/** What was flipped. */
export interface Flipped {
  readonly table: string;
  readonly column: string;
  /** Of the change whose row it is in. */
  readonly position?: number;
  /** Whether that change was erased. */
  readonly isErased: boolean;
  /** The value, where it is a number; NaN otherwise. */
  readonly before: number;
  readonly after: number;
}

const tables = [
  "address",
  "change",
  "change",
  "code",
  "directory",
  "directory_size",
  "log",
  "name",
  "stream",
  "tile",
] as const;
const part = fc.noBias(fc.nat()).map((number) => number / 2 ** 31);

export const flipOf: fc.Arbitrary<Flip> = fc.record({
  table: fc.constantFrom(...tables),
  row: part,
  column: part,
  bit: part,
});

type Value = bigint | string | Uint8Array | null;

/** Flips one bit of one column of one row; undefined when there is nothing to flip, or the schema does not let it be. */
export function flipBit(file: string, { table, row, column, bit }: Flip): Flipped | undefined {
  using db = new DatabaseSync(file);
  const all = db.prepare(`SELECT * FROM ${table}`);
  all.setReadBigInts(true);
  const chosen = pick(all.all() as unknown as Record<string, Value>[], row);
  const [name, value] = (chosen && pick(Object.entries(chosen), column)) ?? [];
  if (chosen === undefined || name === undefined || value === undefined || value === null) return undefined;
  if (typeof value !== "bigint" && value.length === 0) return undefined;
  const flipped = flippedIn(value, bit);
  const names = Object.keys(chosen);
  const place = typeof value === "string" ? "CAST(? AS TEXT)" : "?";
  const sql = `UPDATE ${table} SET ${name} = ${place} WHERE ${names.map((other) => `${other} IS ?`).join(" AND ")}`;
  try {
    db.prepare(sql).run(flipped, ...names.map((other) => chosen[other] ?? null));
  } catch {
    return undefined;
  }
  const { position, body } = chosen;
  return {
    table,
    column: name,
    ...(table === "change" ? { position: Number(position) } : {}),
    isErased: typeof body === "string" && body.trim() === "",
    before: typeof value === "bigint" ? Number(value) : Number.NaN,
    after: typeof flipped === "bigint" ? Number(flipped) : Number.NaN,
  };
}

function pick<Item>(items: readonly Item[], at: number): Item | undefined {
  return items[Math.floor(at * items.length)];
}

function flippedIn(value: bigint | string | Uint8Array, at: number): bigint | Uint8Array {
  if (typeof value === "bigint") return BigInt.asIntN(64, value ^ (1n << BigInt(Math.floor(at * 64))));
  const bytes = Buffer.from(value as Uint8Array);
  const bit = Math.floor(at * bytes.length * 8);
  bytes.writeUInt8(bytes.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
  return bytes;
}
