import { normalForm } from "../domain/address.ts";
import { isDirectoryId, readSubject, type Subject } from "../domain/subject.ts";
import type { UserName } from "../service/organisations.ts";
import { type Call, Refusal } from "./route.ts";

/** The organisation that the path names: anything but 1 to 15 digits without a leading zero is none. */
export function organisationIdOf({ params }: Call): number {
  const { organisation = "" } = params;
  if (!isDirectoryId(organisation)) throw new Refusal("organisation-unknown");
  return Number(organisation);
}

/** The user that the path names: by e-mail address when there is an @ in it, else by id. */
export function userNameOf({ params }: Call): UserName {
  const { user = "" } = params;
  if (isDirectoryId(user)) return { id: Number(user) };
  const email = user.includes("@") ? normalForm("email", user) : undefined;
  if (email === undefined) throw new Refusal("user-unknown");
  return { email };
}

/** The kinds of subject: each has paths of its own in our own API, because each has a scope that reads it. */
export const subjectKinds = [
  { kind: "customer", one: "a customer", scope: "customers:read" },
  { kind: "organisation", one: "an organisation", scope: "emailpreferences:read" },
  { kind: "user", one: "a user", scope: "emailpreferences:read" },
] as const;

type SubjectKind = (typeof subjectKinds)[number]["kind"];

/** The subject of this kind that the path names: one whose id cannot be one is unknown. */
export function subjectIn(kind: SubjectKind, { params }: Call): Subject {
  const subject = readSubject(`${kind}:${params["id"] ?? ""}`);
  if (subject === undefined) throw new Refusal("subject-unknown");
  return subject;
}

/** The position of a change that the path names: in decimal digits, without leading zeros. */
export function positionIn({ params }: Call): number {
  const { position = "" } = params;
  if (!/^(?:0|[1-9]\d{0,14})$/.test(position)) throw new Refusal("change-unknown");
  return Number(position);
}
