import Type from "typebox";
import { count, list, object, printed } from "./members.ts";
import { plainShape } from "./shape.ts";

const customerFault = object({
  message: printed("Where something is wrong, and what.", "/preferences/0/category: is missing"),
});
const customerRefusal = object({
  code: printed("The HTTP status.", "422"),
  message: printed("What the status means.", "Validation Error"),
  errors: list(customerFault, "error", "Everything that is wrong."),
});

/** How the customers' contract refuses (contracts A.0.4; its XML is ours, A.6). */
export const customerError = plainShape({
  name: "CustomerError",
  schema: customerRefusal,
  root: "error",
  declaration: '<?xml version="1.0" encoding="UTF-8"?>',
});

const organisationRefusal = object({
  summary: printed("What is wrong.", "The requested user does not exist"),
  ref: printed("The kind of error, in digits.", "108"),
  link: printed("A page about that kind.", "http://example.com/context/api/2/error/108"),
});

/** How the organisations' contract refuses (contracts B.0.4); `link` is a plain element here. */
export const organisationError = plainShape({
  name: "OrganisationError",
  schema: organisationRefusal,
  root: "error",
  declaration: '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>',
});

const ownFault = object({
  detail: printed("What is wrong.", "is missing"),
  pointer: Type.Optional(printed("The place in the body, a JSON Pointer as a fragment.", "#/subject")),
  parameter: Type.Optional(printed("The header or parameter.", "after")),
  problem: printed("The name of the problem.", "member-missing"),
});
const ownRefusal = object({
  type: printed("A page about the problem, which identifies it.", "http://127.0.0.1:8080/docs/problems#invalid"),
  title: printed("What the problem is.", "What was sent is not valid"),
  status: count("The HTTP status.", 422),
  detail: printed("What to do about it.", "Correct everything that is named; nothing was changed."),
  errors: Type.Optional(list(ownFault, "i", "Everything that is wrong.")),
});

/** How Saywhen's own API refuses (RFC 9457); only ever printed as JSON. */
export const ownProblem = plainShape({
  name: "Problem",
  schema: ownRefusal,
});

/** What answers a line of a body in NDJSON that cannot be done; only ever printed as JSON. */
export const lineError = plainShape({
  name: "LineError",
  schema: object({ line: count("The line, counted from 1, blank ones included.", 17), error: ownRefusal }),
});
