import type { ChangeRow } from "../../service/change-row.ts";

/** Changes read at once, and carried by one transaction. */
export const pageRows = 1000;

/** Changes in their order, a page on its way while the one before it is worked on. */
export async function* pages(
  from: number,
  read: (from: number) => Promise<readonly ChangeRow[]>,
): AsyncGenerator<readonly ChangeRow[]> {
  for (let coming = read(from); ; ) {
    const page = await coming;
    const last = page.at(-1);
    if (last === undefined) return;
    coming = read(last.position + 1);
    // Whoever looks at the page before it may never come to this one.
    coming.catch(() => undefined);
    yield page;
  }
}
