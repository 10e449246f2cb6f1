import { codeOf } from "../../src/service/change-code.ts";
import type { CodeStore, KeptCode } from "../../src/service/code-store.ts";
import { ensureMarkKey, markerOf } from "../../src/service/mark.ts";
import type { Store } from "../../src/service/store.ts";

/** Keeps a code of every stream that has none, as whoever builds an index does. */
export async function keepCodes(store: CodeStore & Store): Promise<void> {
  const marker = markerOf(await ensureMarkKey(store));
  const made: KeptCode[] = [];
  for await (const { changes } of store.everyCoded()) {
    for (const { place, change, commitment } of changes) {
      const code = codeOf(place, change, marker);
      if (code !== undefined) made.push({ ...code, commitment });
    }
  }
  await store.saveCodes(made);
}
