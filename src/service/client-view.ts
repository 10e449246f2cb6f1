import type { Client, Scope } from "../domain/client.ts";

/** A client as it may be shown: no secret, and no digest of one. */
export interface ClientView {
  readonly id: string;
  readonly scopes: readonly Scope[];
  readonly createdAt: string;
  readonly revokedAt?: string;
  /** The newest first. */
  readonly secrets: readonly { readonly createdAt: string }[];
}

/** A client together with its new secret, which can be shown only now. */
export interface ClientWithSecret {
  readonly client: ClientView;
  readonly secret: string;
}

/** What of a client may be shown. */
export function viewOf({ id, scopes, createdAt, revokedAt, secrets }: Client): ClientView {
  return {
    id,
    scopes,
    createdAt,
    ...(revokedAt === undefined ? {} : { revokedAt }),
    secrets: secrets.map((secret) => ({ createdAt: secret.createdAt })),
  };
}
