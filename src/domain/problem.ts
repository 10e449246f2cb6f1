/**
 * Every refusal that a caller can act on, once. `title` says what kind of thing is wrong, `help` what to do about it.
 * http/problem-status.ts gives each its status and its number in the organisations' contract; docs/problems.md prints
 * the table, and a test keeps the three in step.
 */
export const problems = {
  "body-malformed": {
    title: "The body cannot be read",
    help: "Send well-formed JSON (no duplicate names) or XML (no DOCTYPE), in UTF-8 without a byte order mark.",
  },
  "body-missing": { title: "The body is missing", help: "Send a body; it may not be empty." },
  invalid: {
    title: "What was sent is not valid",
    help: "Correct everything that is named; nothing was changed.",
  },
  "limit-exceeded": {
    title: "The body is larger or deeper than is allowed",
    help: "Send less at once; docs/limits.md lists every limit.",
  },
  "member-missing": { title: "A member is missing", help: "Add the member that is named." },
  "member-unknown": {
    title: "A member is not known here",
    help: "Remove the member that is named, or correct its spelling.",
  },
  "member-repeated": { title: "An element stands there twice", help: "Send each element that is not in a list once." },
  "value-invalid": { title: "A value is not of the right kind", help: "Send what the message asks for." },
  "text-unprintable": {
    title: "A text holds characters that XML cannot carry",
    help: "Remove control characters and lone surrogates.",
  },
  "category-unknown": {
    title: "The category is not in the catalogue",
    help: "GET /v1/preferences/categories lists them.",
  },
  "channel-unknown": { title: "The channel is not in the catalogue", help: "Use one that the message lists." },
  "type-unknown": { title: "The selection type is not in the catalogue", help: "Use one that the message lists." },
  "type-misplaced": {
    title: "The selection type does not go with the channel",
    help: "Use a type that goes with the channel; the message names its channels.",
  },
  "address-invalid": {
    title: "The address cannot be one of its type",
    help: "Send ten digits or E.164 for a phone, name@domain for an e-mail address.",
  },
  "slot-repeated": {
    title: "A slot stands there twice",
    help: "Send one selection for each category, channel and type.",
  },
  "name-retired": {
    title: "The name is retired and may not be chosen anew",
    help: "Choose another; what was chosen before is kept.",
  },
  "frequency-unknown": { title: "The frequency is not in the catalogue", help: "Use one that the message lists." },
  "metadata-unknown": {
    title: "The requested metadata does not exist",
    help: "Use nodes and labels of the catalogue.",
  },
  "module-unknown": { title: "The module is not in the catalogue", help: "Use one that the message lists." },
  "alert-service-unknown": {
    title: "The alert service is not in the catalogue",
    help: "Use one that the message lists.",
  },
  "name-repeated": { title: "A name stands there twice", help: "Send each node, module and alert service once." },
  "id-differs": {
    title: "The body names another subject than the path",
    help: "Leave the id out, or make it that of the path.",
  },
  "id-taken": {
    title: "The id is taken",
    help: "Leave the id out to get the next free one, or PUT to replace the entry.",
  },
  "email-taken": {
    title: "The e-mail address belongs to another user",
    help: "Use another address, or PUT to the user who has it.",
  },
  "organisation-unknown": { title: "The requested organisation does not exist", help: "Add the organisation first." },
  "user-unknown": { title: "The requested user does not exist", help: "Add the user first." },
  "subject-unknown": {
    title: "Nothing is recorded about the subject",
    help: "Compare its kind and id; one that was erased is unknown as well.",
  },
  "change-unknown": {
    title: "The log has no change at this position",
    help: "Positions are counted from 0; `Saywhen-Change` tells that of a change.",
  },
  "change-erased": {
    title: "The change was erased with its subject",
    help: "Its entry in the log and its receipt are still there.",
  },
  "suppression-unknown": {
    title: "There is no such suppression",
    help: "It was lifted, or never there; POST /v1/suppressions/search lists those of an address.",
  },
  "record-damaged": {
    title: "What is recorded does not fit its entry in the log",
    help: "Nothing that is damaged is answered; tell the operator to run `saywhen verify`.",
  },
  "log-stopped": {
    title: "The log is not signed any more",
    help: "It does not extend what was signed before; the operator has to look at it: docs/audit-log.md says how.",
  },
  "catalogue-invalid": {
    title: "The catalogue is not valid",
    help: "Correct what is named; `saywhen catalogue check` shows lines.",
  },
  "catalogue-conflict": {
    title: "The catalogue cannot take the place of the one in force",
    help: "Raise `version`, and retire names instead of removing them.",
  },
  "client-unknown": { title: "The client does not exist", help: "`saywhen client list` shows them." },
  "client-taken": { title: "The ClientId is taken", help: "Choose another ClientId, or rotate that client's secret." },
  "admin-last": {
    title: "The last client with the scope admin cannot be revoked",
    help: "Add another with that scope first.",
  },
  "header-missing": { title: "A header is missing", help: "Send each mandatory header once." },
  "header-invalid": {
    title: "A header is repeated or not valid",
    help: "Send each header once, with a value of the kind that the message names.",
  },
  "token-missing": { title: "No access token was sent", help: "Send `Authorization: Bearer <token>`." },
  "token-invalid": {
    title: "The access token is not valid",
    help: "Ask for a new one at /oauth2/token, or use the client's secret.",
  },
  "client-mismatch": {
    title: "The ClientId is not the token's client",
    help: "Send the ClientId that the token was given to.",
  },
  "scope-missing": { title: "Access denied", help: "Give the client the scope that the message names." },
  "not-found": { title: "There is nothing at this address", help: "Compare the path with /openapi.json." },
  "method-not-allowed": { title: "The method is not allowed here", help: "Use one of those in the `Allow` header." },
  "not-acceptable": {
    title: "No acceptable format",
    help: "Accept what the message names: application/json nearly everywhere.",
  },
  "precondition-failed": {
    title: "The preferences have changed since they were read",
    help: "GET them again and repeat the change.",
  },
  "body-too-large": { title: "The body is too large", help: "Send at most what docs/limits.md says." },
  "media-type-unsupported": {
    title: "The body's format is not supported",
    help: "Send the type that the message names, in UTF-8, not compressed.",
  },
  "rate-exceeded": { title: "Too many requests", help: "Wait for the seconds in `Retry-After`." },
  "request-malformed": { title: "The request cannot be understood", help: "Send HTTP as RFC 9112 has it." },
  "http-too-old": {
    title: "An answer line by line needs HTTP/1.1",
    help: "With HTTP/1.0 one that was cut off would look whole. A proxy may be what speaks it: docs/operate.md.",
  },
  "headers-too-large": {
    title: "The headers are too large",
    help: "Send less in headers; docs/limits.md lists every limit.",
  },
  "request-too-slow": {
    title: "The request took too long to arrive",
    help: "Send the whole request within the time limit.",
  },
  "scope-invalid": { title: "A scope is not known, or not the client's", help: "Ask for scopes that the client has." },
  unavailable: {
    title: "The service cannot answer now",
    help: "Try again in a second, or after those in `Retry-After`.",
  },
  "index-off": {
    title: "This node keeps no index",
    help: "Ask another node, or one subject at a time; SAYWHEN_INDEX turns the index on.",
  },
  "index-building": {
    title: "The index is being built",
    help: "Try again after the seconds in `Retry-After`. That is at a start, and where a catalogue needs more of it.",
  },
  "outcome-unknown": {
    title: "It is not known whether this was recorded",
    help: "Send the same again in a second, or after those in `Retry-After`: to record it twice does no harm.",
  },
  internal: { title: "Something went wrong here", help: "Tell the operator the time and the request's tracking id." },
} as const satisfies Record<string, { readonly title: string; readonly help: string }>;

export type ProblemName = keyof typeof problems;
