-- A database with data as the program wrote it when 0002 was the newest migration; database-2.json has what it answered then.
BEGIN;
CREATE TABLE migration (number INTEGER PRIMARY KEY, name TEXT NOT NULL, breaking INTEGER NOT NULL, applied_at TEXT NOT NULL) STRICT;
INSERT INTO migration VALUES (1, '0001-log', 0, '2026-03-03T14:05:01.946Z');
INSERT INTO migration VALUES (2, '0002-clients', 0, '2026-03-03T14:05:01.946Z');
CREATE TABLE stream (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  head INTEGER NOT NULL
) STRICT;
INSERT INTO stream VALUES (1, 'catalogue', 0);
INSERT INTO stream VALUES (2, 'customer:1', 3);
INSERT INTO stream VALUES (3, 'customer:2', 5);
INSERT INTO stream VALUES (4, 'customer:77003', 7);
INSERT INTO stream VALUES (5, 'directory/organisation:3', 8);
INSERT INTO stream VALUES (6, 'directory/user:5', 9);
INSERT INTO stream VALUES (7, 'directory/user:77006', 10);
INSERT INTO stream VALUES (8, 'organisation:3', 11);
INSERT INTO stream VALUES (9, 'user:77006', 12);
INSERT INTO stream VALUES (10, 'directory/user:8', 13);
INSERT INTO stream VALUES (11, 'user:8', 14);
CREATE TABLE change (
  position INTEGER PRIMARY KEY,
  at INTEGER NOT NULL,
  stream INTEGER NOT NULL,
  previous INTEGER,
  kind TEXT NOT NULL,
  body TEXT NOT NULL
) STRICT;
INSERT INTO change VALUES (0, 1772546702059, 1, NULL, 'catalogue', '{"actor":"saywhen","at":"2026-03-03T14:05:02.059Z","client":"saywhen","document":{"alertServices":[{"name":"Outages","retired":false}],"categories":[{"enabled":true,"essential":false,"name":"Service Exception","retired":false},{"enabled":true,"essential":false,"name":"Offers","retired":false}],"channels":[{"name":"Text","retired":false},{"name":"Email","retired":false}],"frequencies":[{"name":"Daily","retired":false},{"name":"Weekly","retired":false},{"name":"Never","retired":false}],"modules":[{"name":"News","retired":false},{"name":"Events","retired":false}],"nodes":[{"labels":[{"name":"North","retired":false},{"name":"South","retired":false}],"name":"Regions","retired":false}],"timeZones":{},"types":[{"channels":["Text"],"kind":"phone","name":"BPHONE","retired":false},{"channels":["Email"],"kind":"email","name":"BEMAIL","retired":false}],"version":1},"kind":"catalogue","stream":"catalogue"}');
INSERT INTO change VALUES (1, 1772546702280, 2, NULL, 'preferences', '{"actor":"admin","at":"2026-03-03T14:05:02.280Z","client":"admin","document":{"selections":[{"category":"Offers","channel":"Email","choice":"opted-in","createdAt":"2026-03-03T14:05:02.280Z","createdBy":"admin","modifiedAt":"2026-03-03T14:05:02.280Z","modifiedBy":"admin","normal":"jo.doe@example.com","type":"BEMAIL","value":"Jo.Doe@Example.com"}]},"kind":"preferences","stream":"customer:1","trackingId":"1"}');
INSERT INTO change VALUES (2, 1772546702293, 2, 1, 'preferences', '{"actor":"admin","at":"2026-03-03T14:05:02.293Z","client":"admin","document":{"selections":[{"category":"Offers","channel":"Email","choice":"opted-in","createdAt":"2026-03-03T14:05:02.280Z","createdBy":"admin","modifiedAt":"2026-03-03T14:05:02.293Z","modifiedBy":"admin","normal":"jo@example.org","type":"BEMAIL","value":"jo@example.org"}]},"evidence":{"source":"phone","wording":"2026-03","z10":"ten","z9":"nine"},"kind":"preferences","stream":"customer:1","trackingId":"1"}');
INSERT INTO change VALUES (3, 1772546702301, 2, 2, 'preferences', '{"actor":"admin","at":"2026-03-03T14:05:02.301Z","client":"admin","document":{"selections":[{"category":"Offers","channel":"Email","choice":"opted-in","createdAt":"2026-03-03T14:05:02.280Z","createdBy":"admin","modifiedAt":"2026-03-03T14:05:02.293Z","modifiedBy":"admin","normal":"jo@example.org","type":"BEMAIL","value":"jo@example.org"},{"category":"Service Exception","channel":"Text","choice":"opted-in","createdAt":"2026-03-03T14:05:02.301Z","createdBy":"admin","modifiedAt":"2026-03-03T14:05:02.301Z","modifiedBy":"admin","normal":"+12025550101","type":"BPHONE","value":"2025550101"}]},"kind":"preferences","stream":"customer:1","trackingId":"1"}');
INSERT INTO change VALUES (4, 1772546702305, 3, NULL, 'preferences', '{"actor":"admin","at":"2026-03-03T14:05:02.305Z","client":"admin","document":{"selections":[{"category":"Offers","channel":"Email","choice":"opted-in","createdAt":"2026-03-03T14:05:02.305Z","createdBy":"admin","modifiedAt":"2026-03-03T14:05:02.305Z","modifiedBy":"admin","normal":"no@example.com","type":"BEMAIL","value":"no@example.com"}]},"kind":"preferences","stream":"customer:2","trackingId":"1"}');
INSERT INTO change VALUES (5, 1772546702313, 3, 4, 'preferences', '{"actor":"admin","at":"2026-03-03T14:05:02.313Z","client":"admin","document":{"selections":[{"category":"Offers","channel":"Email","choice":"opted-out","createdAt":"2026-03-03T14:05:02.305Z","createdBy":"admin","modifiedAt":"2026-03-03T14:05:02.313Z","modifiedBy":"admin","normal":"no@example.com","type":"BEMAIL","value":"no@example.com"}]},"evidence":{"source":"phone","wording":"2026-03","z10":"ten","z9":"nine"},"kind":"preferences","stream":"customer:2","trackingId":"call-7"}');
INSERT INTO change VALUES (6, 1772546702319, 4, NULL, 'preferences', '{"actor":"admin","at":"2026-03-03T14:05:02.319Z","client":"admin","document":{"selections":[{"category":"Offers","channel":"Email","choice":"opted-in","createdAt":"2026-03-03T14:05:02.319Z","createdBy":"admin","modifiedAt":"2026-03-03T14:05:02.319Z","modifiedBy":"admin","normal":"plain.77003@example.com","type":"BEMAIL","value":"plain.77003@example.com"}]},"evidence":{"call":"with 77003"},"kind":"preferences","stream":"customer:77003","trackingId":"1"}');
INSERT INTO change VALUES (7, 1772546702321, 4, 6, 'preferences', '{"actor":"admin","at":"2026-03-03T14:05:02.321Z","client":"admin","document":{"selections":[{"category":"Offers","channel":"Email","choice":"opted-out","createdAt":"2026-03-03T14:05:02.319Z","createdBy":"admin","modifiedAt":"2026-03-03T14:05:02.321Z","modifiedBy":"admin","normal":"again.77003@example.com","type":"BEMAIL","value":"again.77003@example.com"}]},"kind":"preferences","stream":"customer:77003","trackingId":"1"}');
INSERT INTO change VALUES (8, 1772546702324, 5, NULL, 'directory', '{"actor":"admin","at":"2026-03-03T14:05:02.324Z","client":"admin","document":{"id":3,"name":"Pots & Pans"},"kind":"directory","stream":"directory/organisation:3"}');
INSERT INTO change VALUES (9, 1772546702332, 6, NULL, 'directory', '{"actor":"admin","at":"2026-03-03T14:05:02.332Z","client":"admin","document":{"email":"Ann@Example.com","id":5,"name":{"firstname":"Ann","lastname":"O''Neil"},"organisation":3},"kind":"directory","stream":"directory/user:5"}');
INSERT INTO change VALUES (10, 1772546702336, 7, NULL, 'directory', '{"actor":"admin","at":"2026-03-03T14:05:02.336Z","client":"admin","document":{"email":"user.77006@example.com","id":77006,"organisation":3},"kind":"directory","stream":"directory/user:77006"}');
INSERT INTO change VALUES (11, 1772546702339, 8, NULL, 'preferences', '{"actor":"admin","at":"2026-03-03T14:05:02.339Z","client":"admin","document":{"alertServices":[],"frequency":"Weekly","modules":[{"name":"News","preference":"Include"}],"nodes":[{"labels":["North"],"node":"Regions"}]},"kind":"preferences","stream":"organisation:3"}');
INSERT INTO change VALUES (12, 1772546702347, 9, NULL, 'preferences', '{"actor":"admin","at":"2026-03-03T14:05:02.347Z","client":"admin","document":{"alertServices":[],"frequency":"Never","modules":[],"nodes":[]},"kind":"preferences","stream":"user:77006"}');
INSERT INTO change VALUES (13, 1772546702349, 10, NULL, 'directory', '{"actor":"admin","at":"2026-03-03T14:05:02.349Z","client":"admin","document":{"id":8},"kind":"directory","stream":"directory/user:8"}');
INSERT INTO change VALUES (14, 1772546702349, 11, NULL, 'preferences', '{"actor":"admin","at":"2026-03-03T14:05:02.349Z","client":"admin","document":{"alertServices":[],"frequency":"Never","modules":[],"nodes":[]},"kind":"preferences","stream":"user:8"}');
CREATE TABLE address (
  normal TEXT NOT NULL,
  stream INTEGER NOT NULL,
  PRIMARY KEY (normal, stream)
) STRICT, WITHOUT ROWID;
INSERT INTO address VALUES ('+12025550101', 2);
INSERT INTO address VALUES ('again.77003@example.com', 4);
INSERT INTO address VALUES ('ann@example.com', 6);
INSERT INTO address VALUES ('jo.doe@example.com', 2);
INSERT INTO address VALUES ('jo@example.org', 2);
INSERT INTO address VALUES ('no@example.com', 3);
INSERT INTO address VALUES ('plain.77003@example.com', 4);
INSERT INTO address VALUES ('user.77006@example.com', 7);
CREATE TABLE directory (
  kind TEXT NOT NULL,
  id INTEGER NOT NULL,
  stream INTEGER NOT NULL,
  email TEXT,
  PRIMARY KEY (kind, id)
) STRICT, WITHOUT ROWID;
INSERT INTO directory VALUES ('organisation', 3, 5, NULL);
INSERT INTO directory VALUES ('user', 5, 6, 'ann@example.com');
INSERT INTO directory VALUES ('user', 8, 10, NULL);
INSERT INTO directory VALUES ('user', 77006, 7, 'user.77006@example.com');
CREATE UNIQUE INDEX directory_email ON directory (email) WHERE email IS NOT NULL;
CREATE TABLE directory_size (
  kind TEXT NOT NULL PRIMARY KEY,
  entries INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO directory_size VALUES ('organisation', 1);
INSERT INTO directory_size VALUES ('user', 3);
CREATE TABLE readiness (
  checks INTEGER NOT NULL
) STRICT;
INSERT INTO readiness VALUES (0);
CREATE TABLE client (
  id TEXT NOT NULL PRIMARY KEY,
  created_at TEXT NOT NULL,
  revoked_at TEXT,
  scopes TEXT NOT NULL,
  secrets TEXT NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO client VALUES ('admin', '2026-03-03T14:05:02.070Z', NULL, '["customers:read","customers:write","emailpreferences:read","emailpreferences:write","decide","audience","changes","suppressions","admin"]', '[{"createdAt":"2026-03-03T14:05:02.070Z","sha256":"7affd2653f9266664f0ded96a7e0c93de30f21c4cd51ff8baab1220fe141a7b7"}]');
INSERT INTO client VALUES ('crm', '2026-03-03T14:05:02.352Z', NULL, '["customers:read","customers:write"]', '[{"createdAt":"2026-03-03T14:05:02.352Z","sha256":"c0e866b7778fe071c1984c990d99fc0ae3151dd10934168f6677811b7e94c2a4"}]');
CREATE TABLE token (
  sha256 TEXT NOT NULL PRIMARY KEY,
  client TEXT NOT NULL REFERENCES client (id),
  expires_at TEXT NOT NULL,
  scopes TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX token_expiry ON token (expires_at);
COMMIT;
