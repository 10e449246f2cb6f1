import type { Stream } from "../../domain/stream.ts";
import type { Digest } from "../digest.ts";
import type { Statements } from "./database.ts";
import type { Group } from "./group.ts";
import type { Head } from "./heads.ts";

const appendSql =
  "SELECT saywhen.append($1, $2, $3, $4::int[], $5::int[], $6::int[], $7::text[], $8, $9, $10, $11::int[], $12::int[], $13) AS first";

const noHead = Buffer.alloc(32);

/** What an append came to: the position of the group's first change, or why nothing was appended. */
export type AppendOutcome =
  | { readonly first: number }
  | { readonly refused: "moved" }
  /** The log's last change has this later time, in milliseconds since 1970. */
  | { readonly refused: "late"; readonly at: number };

/**
 * Appends a group's changes by one call of the database.
 *
 * @param ms the time of the changes, in milliseconds since 1970
 * @param heads what the streams' newest changes must still be; undefined when the log's head was locked before they were
 *   read, so that nothing can have moved
 */
export async function append(
  statements: Statements,
  digest: Digest,
  group: Group,
  ms: number,
  heads: ReadonlyMap<Stream, Head | undefined> | undefined,
): Promise<AppendOutcome> {
  const { members, addresses } = group;
  const lasts = new Map<Stream, number>();
  const befores = members.map(({ draft }, index) => {
    const before = lasts.get(draft.stream) ?? 0;
    lasts.set(draft.stream, index + 1);
    return before;
  });
  // Those that are only read come last; that they are still as they were is part of what the steps rest on.
  const streams = [...new Set([...lasts.keys(), ...(heads?.keys() ?? [])])];
  const places = new Map(streams.map((stream, index) => [stream, index + 1]));
  const bodies = members.map(({ body }) => Buffer.from(body));
  const [row] = await statements.rows<{ first: number }>(appendSql, [
    ms,
    Buffer.concat(streams.map(digest)),
    heads && Buffer.concat(streams.map((stream) => heads.get(stream)?.commitment ?? noHead)),
    [...lasts.values()],
    members.map(({ draft }) => places.get(draft.stream)),
    befores,
    members.map(({ draft }) => draft.kind),
    Buffer.concat(members.map(({ salt }) => salt)),
    Buffer.concat(members.map(({ commitment }) => commitment)),
    Buffer.concat(bodies),
    endsOf(bodies),
    addresses.map(({ stream }) => places.get(stream)),
    Buffer.concat(addresses.map(({ normal }) => digest(normal))),
  ]);
  const first = row?.first ?? -1;
  if (first >= 0) return { first };
  return first === -1 ? { refused: "moved" } : { refused: "late", at: -first };
}

/** Where each of them ends when they follow each other. */
function endsOf(bodies: readonly Buffer[]): number[] {
  let end = 0;
  return bodies.map(({ length }) => (end += length));
}
