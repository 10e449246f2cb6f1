/** What to select for a ChangeRow. */
export const changeColumns = "position, at, stream, previous, kind, salt, commitment, body";

/** Leaves a change's text and salt as long as they are, as on every storage; names the partitions where they are. */
export const blankSql =
  "UPDATE saywhen.change SET salt = decode(repeat('00', length(salt)), 'hex'), " +
  "body = repeat(' ', octet_length(body)) WHERE position = ANY($1) RETURNING tableoid::regclass::text AS table";
