/** An organisation as the directory knows it. One that came into being with its first preferences has no name. */
export interface OrganisationEntry {
  readonly id: number;
  readonly name?: string;
}

/** A user as the directory knows it. E-mails compare in lower case and are unique. */
export interface UserEntry {
  readonly email?: string;
  readonly id: number;
  readonly name?: { readonly firstname?: string; readonly lastname?: string; readonly title?: string };
  /** The id of the organisation whose preferences the user has until it has its own. */
  readonly organisation?: number;
}
