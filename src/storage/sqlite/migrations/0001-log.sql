-- The log of changes. Everything else here is derived from it, and written in the transaction of its change.

-- One row per stream; ids count the streams in the order in which they first came.
CREATE TABLE stream (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  head INTEGER NOT NULL
) STRICT;

-- `at` is in milliseconds since 1970. `body` is the change as canonical JSON (RFC 8785), its document included.
-- `stream` and `previous` are no foreign keys: looking them up again would cost each insert a fifth.
CREATE TABLE change (
  position INTEGER PRIMARY KEY,
  at INTEGER NOT NULL,
  stream INTEGER NOT NULL,
  previous INTEGER,
  kind TEXT NOT NULL,
  body TEXT NOT NULL
) STRICT;

-- Which streams hold, or once held, an address (in its normal form).
CREATE TABLE address (
  normal TEXT NOT NULL,
  stream INTEGER NOT NULL,
  PRIMARY KEY (normal, stream)
) STRICT, WITHOUT ROWID;

-- Organisations and users by id, users by e-mail address; the entry itself is its stream's newest document.
CREATE TABLE directory (
  kind TEXT NOT NULL,
  id INTEGER NOT NULL,
  stream INTEGER NOT NULL,
  email TEXT,
  PRIMARY KEY (kind, id)
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX directory_email ON directory (email) WHERE email IS NOT NULL;

-- How many entries the directory has of each kind: counting a million would take longer than adding one.
CREATE TABLE directory_size (
  kind TEXT NOT NULL PRIMARY KEY,
  entries INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

INSERT INTO directory_size (kind, entries) VALUES ('organisation', 0), ('user', 0);

-- Counts the checks of whether the disk takes writes: only a commit that changes something shows that.
CREATE TABLE readiness (
  checks INTEGER NOT NULL
) STRICT;

INSERT INTO readiness (checks) VALUES (0);
