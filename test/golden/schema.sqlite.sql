CREATE TABLE "address" (
  digest BLOB NOT NULL,
  stream INTEGER NOT NULL,
  PRIMARY KEY (digest, stream)
) STRICT, WITHOUT ROWID;

CREATE INDEX address_stream ON address (stream);

CREATE TABLE "change" (
  position INTEGER PRIMARY KEY,
  at INTEGER NOT NULL,
  stream INTEGER NOT NULL,
  previous INTEGER,
  kind TEXT NOT NULL,
  salt BLOB NOT NULL,
  commitment BLOB NOT NULL,
  body TEXT NOT NULL
) STRICT;

CREATE INDEX change_suppressed ON change (stream) WHERE kind = 'suppression' AND previous IS NULL;

CREATE TABLE client (
  id TEXT NOT NULL PRIMARY KEY,
  created_at TEXT NOT NULL,
  revoked_at TEXT,
  scopes TEXT NOT NULL,
  secrets TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE code (
  stream INTEGER PRIMARY KEY,
  position INTEGER NOT NULL,
  said BLOB NOT NULL
) STRICT;

CREATE TABLE digest_key (
  key BLOB NOT NULL
) STRICT;

CREATE TABLE "directory" (
  kind TEXT NOT NULL,
  id INTEGER NOT NULL,
  stream INTEGER NOT NULL,
  email BLOB,
  PRIMARY KEY (kind, id)
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX directory_email ON directory (email) WHERE email IS NOT NULL;

CREATE TABLE directory_size (
  kind TEXT NOT NULL PRIMARY KEY,
  entries INTEGER NOT NULL
, ever INTEGER NOT NULL DEFAULT 0) STRICT, WITHOUT ROWID;

CREATE TABLE log (
  number INTEGER PRIMARY KEY,
  origin TEXT NOT NULL UNIQUE,
  public_key BLOB NOT NULL,
  since INTEGER NOT NULL,
  checkpoint_size INTEGER,
  checkpoint TEXT
) STRICT;

CREATE TABLE migration (number INTEGER PRIMARY KEY, name TEXT NOT NULL, breaking INTEGER NOT NULL, applied_at TEXT NOT NULL) STRICT;

CREATE TABLE move (
  moved_to TEXT,
  moved_from TEXT,
  move_id TEXT
) STRICT;

CREATE TABLE name (
  stream INTEGER PRIMARY KEY,
  name BLOB NOT NULL
) STRICT;

CREATE TABLE readiness (
  checks INTEGER NOT NULL
) STRICT;

CREATE TABLE "stream" (
  id INTEGER PRIMARY KEY,
  digest BLOB UNIQUE,
  head INTEGER NOT NULL
) STRICT;

CREATE TABLE tile (
  level INTEGER NOT NULL,
  number INTEGER NOT NULL,
  hashes BLOB NOT NULL,
  PRIMARY KEY (level, number)
) STRICT;

CREATE TABLE token (
  sha256 TEXT NOT NULL PRIMARY KEY,
  client TEXT NOT NULL REFERENCES client (id),
  expires_at TEXT NOT NULL,
  scopes TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX token_expiry ON token (expires_at);
