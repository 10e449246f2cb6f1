-- breaking
-- Everything lies in the schema `saywhen` and is always named in full: behind a pooler there is no session whose
-- search_path could be relied on.

-- The log's head: whoever appends locks this row first, on whatever node, so that positions follow each other without
-- gaps, and no reader sees a later one before an earlier one. It is locked and, but for a move of the log, never
-- updated: rows that every append would leave behind would slow the next ones down for as long as anybody holds an old
-- snapshot.
-- `moved_to` says where the log goes on, once it was moved; `moved_from` where it comes from, until all of it is there;
-- `move_id` which run of the command said so.
CREATE TABLE saywhen.log_head (
  is_only BOOLEAN PRIMARY KEY DEFAULT true CHECK (is_only),
  moved_to TEXT,
  moved_from TEXT,
  move_id TEXT
);
INSERT INTO saywhen.log_head DEFAULT VALUES;

-- The key of every digest below. Names of streams and addresses stand in the text of changes only.
CREATE TABLE saywhen.digest_key (
  key BYTEA NOT NULL
);

-- One row per stream; ids count the streams in the order in which they first came. `digest` is that of the stream's
-- name; an erased stream has none. The room left in each page is for new heads, which need no new index entry then.
CREATE TABLE saywhen.stream (
  id BIGINT NOT NULL,
  digest BYTEA,
  head BIGINT NOT NULL,
  UNIQUE (digest)
) PARTITION BY HASH (digest);
CREATE INDEX stream_id ON saywhen.stream (id);

-- `at` is in milliseconds since 1970. `body` is the change as canonical JSON (RFC 8785), its document included;
-- `commitment` is the SHA-256 of `salt` and `body`, and stands, with `at` and `kind`, in the change's entry. Of an erased
-- change, salt and body are overwritten by zeros and blanks of the same length.
CREATE TABLE saywhen.change (
  position BIGINT PRIMARY KEY,
  at BIGINT NOT NULL,
  stream BIGINT NOT NULL,
  previous BIGINT,
  kind TEXT NOT NULL,
  salt BYTEA NOT NULL,
  commitment BYTEA NOT NULL,
  body TEXT NOT NULL
) PARTITION BY RANGE (position);

-- Which streams hold, or once held, an address: by the digest of its normal form.
CREATE TABLE saywhen.address (
  digest BYTEA NOT NULL,
  stream BIGINT NOT NULL,
  PRIMARY KEY (digest, stream)
) PARTITION BY HASH (digest);
CREATE INDEX address_stream ON saywhen.address (stream);

DO $$
BEGIN
  FOR part IN 0..3 LOOP
    EXECUTE format('CREATE TABLE saywhen.stream_%s PARTITION OF saywhen.stream '
      'FOR VALUES WITH (MODULUS 4, REMAINDER %s) WITH (fillfactor = 70)', part, part);
    EXECUTE format('CREATE TABLE saywhen.address_%s PARTITION OF saywhen.address '
      'FOR VALUES WITH (MODULUS 4, REMAINDER %s)', part, part);
  END LOOP;
END
$$;

-- Organisations and users by id, users by the digest of their e-mail address in its normal form; the entry itself is
-- its stream's newest document.
CREATE TABLE saywhen.directory (
  kind TEXT NOT NULL COLLATE "C",
  id BIGINT NOT NULL,
  stream BIGINT NOT NULL,
  email BYTEA,
  PRIMARY KEY (kind, id)
);
CREATE UNIQUE INDEX directory_email ON saywhen.directory (email) WHERE email IS NOT NULL;

-- `entries` are there now, `ever` were there at one time or another: ids of the erased are not given out again.
CREATE TABLE saywhen.directory_size (
  kind TEXT NOT NULL COLLATE "C" PRIMARY KEY,
  entries BIGINT NOT NULL,
  ever BIGINT NOT NULL
);
INSERT INTO saywhen.directory_size (kind, entries, ever) VALUES ('organisation', 0, 0), ('user', 0, 0);

-- The tree over the entries, in the tiles of C2SP tlog-tiles: derived from the entries, after they were committed.
-- Level 0 has full tiles only; of the levels above, the last tile may be partial.
CREATE TABLE saywhen.tile (
  level BIGINT NOT NULL,
  number BIGINT NOT NULL,
  hashes BYTEA NOT NULL,
  PRIMARY KEY (level, number)
);

-- What a restored copy of this database has of its own: another cluster, another timeline after a recovery or a
-- promotion, another database beside this one, or other tables in its place. Nothing during a recovery.
CREATE FUNCTION saywhen.lineage() RETURNS TEXT LANGUAGE plpgsql VOLATILE AS $$
BEGIN
  IF pg_is_in_recovery() THEN
    RETURN NULL;
  END IF;
  RETURN concat_ws('/', (SELECT system_identifier FROM pg_control_system()), left(pg_walfile_name(pg_current_wal_lsn()), 8),
    (SELECT oid FROM pg_database WHERE datname = current_database()), 'saywhen.log'::regclass::oid);
END
$$;

-- The identities under which the log was signed, the one in force last, each with its last signed checkpoint, and with
-- the lineage in which the log was last known to be whole under it.
CREATE TABLE saywhen.log (
  number BIGINT PRIMARY KEY,
  origin TEXT NOT NULL COLLATE "C" UNIQUE,
  public_key BYTEA NOT NULL,
  since BIGINT NOT NULL,
  checkpoint_size BIGINT,
  checkpoint TEXT,
  lineage TEXT DEFAULT saywhen.lineage()
);

-- Programs with credentials. `scopes` is a JSON list of names, `secrets` a JSON list of {"createdAt", "sha256"}.
CREATE TABLE saywhen.client (
  id TEXT NOT NULL COLLATE "C" PRIMARY KEY,
  created_at TEXT NOT NULL,
  revoked_at TEXT,
  scopes TEXT NOT NULL,
  secrets TEXT NOT NULL
);

-- Tokens given out for a client's secret, by their hash.
CREATE TABLE saywhen.token (
  sha256 TEXT NOT NULL COLLATE "C" PRIMARY KEY,
  client TEXT NOT NULL COLLATE "C" REFERENCES saywhen.client (id),
  expires_at TEXT NOT NULL COLLATE "C",
  scopes TEXT NOT NULL
);
CREATE INDEX token_expiry ON saywhen.token (expires_at);

-- Counts the changes of clients and tokens, so that every node hears of those of the others.
CREATE TABLE saywhen.client_version (
  version BIGINT NOT NULL
);
INSERT INTO saywhen.client_version (version) VALUES (0);

-- The nodes that serve, each with the time when it last said so: the one time that is the database's own.
CREATE TABLE saywhen.node (
  id TEXT NOT NULL COLLATE "C" PRIMARY KEY,
  host TEXT NOT NULL,
  pid BIGINT NOT NULL,
  heard_at TIMESTAMPTZ NOT NULL
);

-- Counts the checks of whether the disk takes writes: only a commit that changes something shows that.
CREATE TABLE saywhen.readiness (
  checks BIGINT NOT NULL
);
INSERT INTO saywhen.readiness (checks) VALUES (0);
