/**
 * What to select for a ChangeRow. Whatever the disk has made of a row, each column has its type, so that what is wrong
 * with it is found by what it says: numbers beyond those of JavaScript would otherwise be thrown about.
 */
export const changeColumns =
  "CAST(position AS REAL) AS position, CAST(at AS REAL) AS at, CAST(change.stream AS REAL) AS stream, " +
  "CAST(previous AS REAL) AS previous, CAST(kind AS TEXT) AS kind, coalesce(CAST(salt AS BLOB), x'') AS salt, " +
  "coalesce(CAST(commitment AS BLOB), x'') AS commitment, coalesce(CAST(body AS TEXT), '') AS body";

/** Leaves a change's text and salt as long as they are, so that no page is written anew with a copy of them left behind. */
export const blankSql =
  "UPDATE change SET salt = zeroblob(length(salt)), body = printf('%*s', octet_length(body), '') WHERE position = ?";
