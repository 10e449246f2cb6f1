import { labelNumber, nodeNames } from "./match-model.ts";
import type { Wish } from "./match-wishes.ts";

// Matching by SQL, as one would write it who knows databases: wishes and their labels in tables of their own, an index
// that answers alone, and how many nodes a wish asks in kept beside it, so that whoever is met in as many nodes matches.

/** The tables, without their index, which is made when they are full. Both databases understand it. */
export const wishTables = `
  CREATE TABLE wish (id integer PRIMARY KEY, frequency text NOT NULL, nodes integer NOT NULL);
  CREATE TABLE governs (module text NOT NULL, wish integer NOT NULL, PRIMARY KEY (module, wish));
  CREATE TABLE wish_label (wish integer NOT NULL, node integer NOT NULL, label integer NOT NULL);`;

export const wishIndex = `
  CREATE INDEX wish_label_by_label ON wish_label (label, wish, node);
  ANALYZE;`;

/**
 * Counts whom an item goes to, by frequency.
 *
 * @param labels placeholders of the item's labels, and `module` that of its module
 */
export function countSql(labels: string, module: string): string {
  return `
    SELECT frequency, count(*) AS count FROM (
      SELECT wish, count(DISTINCT node) AS met FROM wish_label WHERE label ${labels} GROUP BY wish
    ) AS hit
    JOIN wish ON wish.id = hit.wish AND wish.nodes = hit.met
    JOIN governs ON governs.module = ${module} AND governs.wish = hit.wish
    WHERE frequency <> 'Never' GROUP BY frequency`;
}

/** The rows of `wish_label` for one wish, as node and label. */
export function labelRows({ nodes }: Wish): { readonly node: number; readonly label: number }[] {
  return nodes.flatMap(({ node, labels }) =>
    labels.map((label) => ({ node: nodeNames.indexOf(node), label: labelNumber(node, label) })),
  );
}
