import type { ClientRegistry } from "../service/clients.ts";
import { issueToken, type TokenWish } from "../service/issue-token.ts";
import type { Answer, Call, Route } from "./route.ts";

/** The token endpoint: client credentials alone (RFC 6749 §4.4), with the errors of §5.2, not problem details. */
export function tokenRoute(registry: ClientRegistry): Route {
  return {
    method: "POST",
    path: "/oauth2/token",
    family: "own",
    summary: "Exchange a client's secret for a bearer token of an hour",
    shapes: {},
    bodies: ["form"],
    handle: (call) => answerTokenRequest(registry, call),
  };
}

async function answerTokenRequest(registry: ClientRegistry, call: Call): Promise<Answer> {
  const form = new URLSearchParams(call.body.toString("utf8"));
  const wish = readWish(form, call.headers.authorization);
  if ("status" in wish) return wish;
  const outcome = await issueToken(registry, wish, Date.now());
  if ("value" in outcome) {
    const { token, expiresIn, scopes } = outcome.value;
    return json(200, {
      access_token: token,
      token_type: "Bearer",
      expires_in: expiresIn,
      scope: scopes.join(" "),
    });
  }
  if (outcome.rejected.problem === "scope-invalid") {
    return refuse("invalid_scope", "Ask for scopes that the client has, with one space between them.");
  }
  return refuse("invalid_client", "The client id or its secret is wrong, or the client was revoked.");
}

/** What is asked for, or the answer that refuses it. Parameters without a value count as left out (RFC 6749 §3.2). */
function readWish(form: URLSearchParams, authorization: string | undefined): TokenWish | Answer {
  const names = [...form.keys()];
  if (new Set(names).size < names.length) return refuse("invalid_request", "Send each parameter once.");
  const grant = form.get("grant_type") || undefined;
  if (grant === undefined) return refuse("invalid_request", "Send grant_type=client_credentials.");
  if (grant !== "client_credentials") {
    return refuse("unsupported_grant_type", "The one grant type here is client_credentials.");
  }
  const credentials = authorization === undefined ? bodyCredentials(form) : basicCredentials(form, authorization);
  if ("status" in credentials) return credentials;
  const scope = form.get("scope") || undefined;
  return scope === undefined ? credentials : { ...credentials, scopes: scope.split(" ") };
}

type Credentials = Pick<TokenWish, "clientId" | "secret">;

function bodyCredentials(form: URLSearchParams): Credentials | Answer {
  const clientId = form.get("client_id");
  const secret = form.get("client_secret");
  if (clientId && secret) return { clientId, secret };
  return refuse("invalid_client", "Send the client's id and secret, by HTTP Basic or as client_id and client_secret.");
}

function basicCredentials(form: URLSearchParams, authorization: string): Credentials | Answer {
  const credentials = parseBasic(authorization);
  if (credentials === undefined) return refuse("invalid_client", "The Authorization header is not HTTP Basic.");
  if (form.has("client_secret")) {
    return refuse("invalid_request", "Send the secret once: by HTTP Basic or in the body, not both.");
  }
  // Some programs send their id in the body as well, which RFC 6749 §3.2.1 lets them do.
  const named = form.get("client_id") || credentials.clientId;
  if (named === credentials.clientId) return credentials;
  return refuse("invalid_request", "client_id is not the client of the Authorization header.");
}

/** Id and secret are form-encoded before they are put together (RFC 6749 §2.3.1). */
function parseBasic(authorization: string): Credentials | undefined {
  const encoded = /^basic +([A-Za-z0-9+/]+={0,2})$/i.exec(authorization)?.[1];
  if (encoded === undefined) return undefined;
  const [, id, secret] = /^([^:]*):(.*)$/s.exec(Buffer.from(encoded, "base64").toString("utf8")) ?? [];
  const clientId = formDecoded(id);
  const clientSecret = formDecoded(secret);
  if (clientId === undefined || clientSecret === undefined) return undefined;
  return { clientId, secret: clientSecret };
}

function formDecoded(text: string | undefined): string | undefined {
  try {
    return text === undefined ? undefined : decodeURIComponent(text.replaceAll("+", " "));
  } catch {
    return undefined;
  }
}

type OAuthError = "invalid_client" | "invalid_request" | "invalid_scope" | "unsupported_grant_type";

function refuse(error: OAuthError, description: string): Answer {
  const answer = json(error === "invalid_client" ? 401 : 400, { error, error_description: description });
  if (error !== "invalid_client") return answer;
  return { ...answer, headers: { ...answer.headers, "www-authenticate": 'Basic realm="saywhen", charset="UTF-8"' } };
}

function json(status: number, body: Readonly<Record<string, string | number>>): Answer {
  return {
    status,
    type: "application/json",
    body: JSON.stringify(body),
    headers: { "cache-control": "no-store", pragma: "no-cache" },
  };
}
