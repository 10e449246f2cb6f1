-- Programs with credentials. `scopes` is a JSON list of names, `secrets` a JSON list of {"createdAt", "sha256"}.
CREATE TABLE client (
  id TEXT NOT NULL PRIMARY KEY,
  created_at TEXT NOT NULL,
  revoked_at TEXT,
  scopes TEXT NOT NULL,
  secrets TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- Tokens given out for a client's secret, by their hash.
CREATE TABLE token (
  sha256 TEXT NOT NULL PRIMARY KEY,
  client TEXT NOT NULL REFERENCES client (id),
  expires_at TEXT NOT NULL,
  scopes TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX token_expiry ON token (expires_at);
