/** Where this service is reached from outside: the base URL and the context path, without a slash at the end. */
export interface Links {
  readonly root: string;
}

/** @param context empty, or a path that begins with a slash */
export function makeLinks(baseUrl: string, context: string): Links {
  return { root: baseUrl.replace(/\/+$/, "") + context };
}

export function userLink({ root }: Links, id: number): string {
  return `${root}/api/2/users/${id}`;
}

export function organisationLink({ root }: Links, id: number): string {
  return `${root}/api/2/organisations/${id}`;
}

/** The page about one kind of error of the organisations' contract. */
export function errorLink({ root }: Links, ref: number): string {
  return `${root}/api/2/error/${ref}`;
}

/** The URI of a kind of problem in our own API; it resolves to the page that lists them all. */
export function problemLink({ root }: Links, problem: string): string {
  return `${root}/docs/problems#${problem}`;
}

/** Where the receipt of a change is (RFC 8288). */
export function receiptLink(change: number): string {
  return `</v1/changes/${change}/receipt>; rel="receipt"`;
}
