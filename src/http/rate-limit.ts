export interface RateLimit {
  /**
   * Counts one request of a client.
   *
   * @param now milliseconds since 1970
   * @returns whether it may go on, and the headers of its answer either way (draft-ietf-httpapi-ratelimit-headers-10)
   */
  take(clientId: string, now: number): Taken;
}

export interface Taken {
  readonly allowed: boolean;
  readonly headers: Readonly<Record<string, string>>;
}

/**
 * Lets each client make so many requests in each second of the clock. One window for all: when the second is over,
 * every count is forgotten, and with them the clients that are idle. A token bucket would let through as many at most
 * (its fill and a second's refill) and would have to remember.
 *
 * @param perSecond a whole number; 0 for no limit
 * @returns undefined for no limit, which then costs nothing
 */
export function rateLimit(perSecond: number): RateLimit | undefined {
  if (perSecond === 0) return undefined;
  const policy = `"client";q=${perSecond};w=1`;
  const counts = new Map<string, number>();
  let second = 0;

  return {
    take(clientId, now) {
      const current = Math.floor(now / 1000);
      if (current !== second) {
        second = current;
        counts.clear();
      }
      const count = (counts.get(clientId) ?? 0) + 1;
      counts.set(clientId, count);
      const left = Math.max(0, perSecond - count);
      const headers = { "ratelimit-policy": policy, ratelimit: `"client";r=${left};t=1` };
      if (count <= perSecond) return { allowed: true, headers };
      return { allowed: false, headers: { ...headers, "retry-after": "1" } };
    },
  };
}
