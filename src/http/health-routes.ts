import type { Store } from "../service/store.ts";
import { jsonType } from "./negotiate.ts";
import { type Answer, Refusal, type Route } from "./route.ts";

/** What a node has to be to take requests. */
export interface Readiness {
  readonly isStopping: () => boolean;
  /** Whether batches and audiences are answered, or are not meant to be. */
  readonly isIndexReady: () => boolean;
}

/** GET /livez: the process answers. GET /readyz: it can read and write, has its index, and is not stopping. */
export function healthRoutes(store: Pick<Store, "check">, { isStopping, isIndexReady }: Readiness): Route[] {
  const shared = { method: "GET", family: "own", shapes: {} } as const;
  return [
    { ...shared, path: "/livez", summary: "Whether the process answers", handle: () => ok },
    {
      ...shared,
      path: "/readyz",
      summary: "Whether the service can read and write, and has built its index",
      handle: async () => {
        if (isStopping()) throw new Refusal("unavailable", [], { "retry-after": "1" });
        await store.check();
        if (!isIndexReady()) throw new Refusal("index-building", [], { "retry-after": "1" });
        return ok;
      },
    },
  ];
}

const ok: Answer = {
  status: 200,
  body: '{"status":"pass"}',
  type: jsonType,
  headers: { "cache-control": "no-store" },
};
