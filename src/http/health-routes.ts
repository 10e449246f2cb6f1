import type { Store } from "../service/store.ts";
import { jsonType } from "./negotiate.ts";
import { type Answer, Refusal, type Route } from "./route.ts";

/** GET /livez: the process answers. GET /readyz: it can read and write, and is not stopping. */
export function healthRoutes(store: Pick<Store, "check">, isStopping: () => boolean): Route[] {
  const shared = { method: "GET", family: "own", shapes: {} } as const;
  return [
    { ...shared, path: "/livez", summary: "Whether the process answers", handle: () => ok },
    {
      ...shared,
      path: "/readyz",
      summary: "Whether the service can read and write",
      handle: async () => {
        if (isStopping()) throw new Refusal("unavailable", [], { "retry-after": "1" });
        await store.check();
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
