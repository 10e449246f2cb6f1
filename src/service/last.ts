/** The last of a list that has at least one item. */
export function last<Item>(items: readonly [Item, ...Item[]]): Item {
  return items.at(-1) ?? items[0];
}
