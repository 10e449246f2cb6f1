import Type from "typebox";
import { clientIdPattern, scopes } from "../domain/client.ts";
import type { ClientWish } from "../service/add-client.ts";
import type { ClientView, ClientWithSecret } from "../service/client-view.ts";
import { list, object, oneOf, printed, text } from "./members.ts";
import { type Shape, shape } from "./shape.ts";

const clientId = { ...text("The ClientId", "crm"), pattern: clientIdPattern };
const time = "2026-03-03T14:05:00.000Z";
const scope = oneOf(scopes, "Something a client may do");

const client = object({
  id: clientId,
  scopes: list(scope, "scope", "What it may do; nothing, once it is revoked"),
  createdAt: printed("When it was added", time),
  revokedAt: Type.Optional(printed("When it was revoked", time)),
  secrets: list(object({ createdAt: printed("When it was made", time) }), "secret", "Its secrets, the newest first"),
});

/** What is asked for when a client is added. */
export const clientWish: Shape<ClientWish> = shape({
  name: "NewClient",
  schema: object({ id: clientId, scopes: list(scope, "scope", "What it may do: at least one") }),
  toValue: (sent) => sent,
  fromValue: ({ id, scopes: asked }) => ({ id, scopes: [...asked] }),
});

export const clientAnswer: Shape<{ readonly client: ClientView }> = shape({
  name: "Client",
  schema: object({ client }),
  toValue: (sent) => sent,
  fromValue: (value) => ({ client: sentOf(value.client) }),
});

export const clientList: Shape<{ readonly clients: readonly ClientView[] }> = shape({
  name: "Clients",
  schema: object({ clients: list(client, "client", "In the order of their ids, the revoked ones too") }),
  toValue: (sent) => sent,
  fromValue: (value) => ({ clients: value.clients.map(sentOf) }),
});

export const clientWithSecret: Shape<ClientWithSecret> = shape({
  name: "ClientWithSecret",
  schema: object({ client, secret: printed("The new secret; it is shown only now", "saywhen_…") }),
  toValue: (sent) => sent,
  fromValue: (value) => ({ client: sentOf(value.client), secret: value.secret }),
});

function sentOf(view: ClientView) {
  return { ...view, scopes: [...view.scopes], secrets: [...view.secrets] };
}
