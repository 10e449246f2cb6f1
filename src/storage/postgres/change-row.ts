/** What to select for a ChangeRow. */
export const changeColumns = "position, at, stream, previous, kind, salt, commitment, body";

/** Leaves a change's text as long as it is, as on every storage, and its salt; names the partitions where they are. */
export const blankSql =
  "UPDATE saywhen.change SET salt = decode(repeat('00', 32), 'hex'), " +
  "body = repeat(' ', octet_length(body)) WHERE position = ANY($1) RETURNING tableoid::regclass::text AS table";
