import type { Act } from "../domain/change.ts";
import { evidenceOf } from "./evidence.ts";
import type { Call } from "./route.ts";

/** Who sent a request through which client, and what was shown: the actor is the client until its body says who. */
export function actOf(call: Call): Act {
  const evidence = evidenceOf(call.headers);
  return {
    actor: call.client.id,
    client: call.client.id,
    ...(call.trackingId === "" ? {} : { trackingId: call.trackingId }),
    ...(evidence === undefined ? {} : { evidence }),
  };
}
