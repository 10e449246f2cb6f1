-- breaking
-- The log that proves the changes, and the means to erase a subject without a trace.

-- The key of every digest below. Names of streams and addresses stand in the text of changes only, where erasing
-- overwrites them in place; pages of an index that were split can hold copies of what was deleted since, and a digest
-- tells nobody anything there.
CREATE TABLE digest_key (
  key BLOB NOT NULL
) STRICT;

INSERT INTO digest_key (key) VALUES (random_bytes(32));

-- `digest` is that of the stream's name; an erased stream has none.
CREATE TABLE stream_2 (
  id INTEGER PRIMARY KEY,
  digest BLOB UNIQUE,
  head INTEGER NOT NULL
) STRICT;

INSERT INTO stream_2 (id, digest, head) SELECT id, digest(name), head FROM stream;
DROP TABLE stream;
ALTER TABLE stream_2 RENAME TO stream;

-- `at` is in milliseconds since 1970. `body` is the change as canonical JSON (RFC 8785), its document included;
-- `commitment` is the SHA-256 of `salt` and `body`, and stands, with `at` and `kind`, in the change's entry. Of an erased
-- change, salt and body are overwritten by zeros and blanks of the same length.
-- `stream` and `previous` are no foreign keys: looking them up again would cost each insert a fifth.
CREATE TABLE change_2 (
  position INTEGER PRIMARY KEY,
  at INTEGER NOT NULL,
  stream INTEGER NOT NULL,
  previous INTEGER,
  kind TEXT NOT NULL,
  salt BLOB NOT NULL,
  commitment BLOB NOT NULL,
  body TEXT NOT NULL
) STRICT;

INSERT INTO change_2 (position, at, stream, previous, kind, salt, commitment, body)
SELECT position, at, stream, previous, kind, random_bytes(32), zeroblob(32), body FROM change ORDER BY position;
UPDATE change_2 SET commitment = commitment(salt, body);
DROP TABLE change;
ALTER TABLE change_2 RENAME TO change;

-- Which streams hold, or once held, an address: by the digest of its normal form.
CREATE TABLE address_2 (
  digest BLOB NOT NULL,
  stream INTEGER NOT NULL,
  PRIMARY KEY (digest, stream)
) STRICT, WITHOUT ROWID;

INSERT INTO address_2 (digest, stream) SELECT digest(normal), stream FROM address;
DROP TABLE address;
ALTER TABLE address_2 RENAME TO address;
CREATE INDEX address_stream ON address (stream);

-- Organisations and users by id, users by the digest of their e-mail address in its normal form; the entry itself is
-- its stream's newest document.
CREATE TABLE directory_2 (
  kind TEXT NOT NULL,
  id INTEGER NOT NULL,
  stream INTEGER NOT NULL,
  email BLOB,
  PRIMARY KEY (kind, id)
) STRICT, WITHOUT ROWID;

INSERT INTO directory_2 (kind, id, stream, email)
SELECT kind, id, stream, CASE WHEN email IS NULL THEN NULL ELSE digest(email) END FROM directory;
DROP TABLE directory;
ALTER TABLE directory_2 RENAME TO directory;
CREATE UNIQUE INDEX directory_email ON directory (email) WHERE email IS NOT NULL;

-- `entries` are there now, `ever` were there at one time or another: ids of the erased are not given out again.
ALTER TABLE directory_size ADD COLUMN ever INTEGER NOT NULL DEFAULT 0;
UPDATE directory_size SET ever = entries;

-- The tree over the entries, in the tiles of C2SP tlog-tiles: derived from the entries, after they were committed.
-- Level 0 has full tiles only; of the levels above, the last tile may be partial.
CREATE TABLE tile (
  level INTEGER NOT NULL,
  number INTEGER NOT NULL,
  hashes BLOB NOT NULL,
  PRIMARY KEY (level, number)
) STRICT;

-- The identities under which the log was signed, the one in force last, each with its last signed checkpoint.
CREATE TABLE log (
  number INTEGER PRIMARY KEY,
  origin TEXT NOT NULL UNIQUE,
  public_key BLOB NOT NULL,
  since INTEGER NOT NULL,
  checkpoint_size INTEGER,
  checkpoint TEXT
) STRICT;
