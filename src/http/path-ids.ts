import { normalForm } from "../domain/address.ts";
import { isDirectoryId } from "../domain/subject.ts";
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
