/**
 * What a document was when somebody read it: `<position it rests on, or none>.<catalogue version>`. The catalogue is
 * part of it because a document prints differently under another catalogue.
 */
export type Version = string;

/**
 * The version of a document as it is read now.
 *
 * @param restsOn position of the change that it rests on; undefined when nothing was ever chosen
 */
export function versionOf(restsOn: number | undefined, catalogueVersion: number): Version {
  return `${restsOn ?? "none"}.${catalogueVersion}`;
}

/** The conditions of RFC 9110 §13.1.1 and §13.1.2 under which a write may go ahead. */
export interface Condition {
  /** One of these versions must be the current one; `*`: a document of the subject's own must be recorded. */
  readonly match?: readonly Version[] | "*";
  /** None of these versions may be the current one; `*`: no document of the subject's own may be recorded. */
  readonly noneMatch?: readonly Version[] | "*";
}

/**
 * Whether a write may go ahead.
 *
 * @param current the version of the document in force
 * @param hasOwnDocument whether a document of the subject's own is recorded, which is what `*` asks
 */
export function isMet(condition: Condition, current: Version, hasOwnDocument: boolean): boolean {
  const names = (versions: readonly Version[] | "*") =>
    versions === "*" ? hasOwnDocument : versions.includes(current);
  if (condition.match !== undefined && !names(condition.match)) return false;
  return condition.noneMatch === undefined || !names(condition.noneMatch);
}
