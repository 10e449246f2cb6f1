-- What `saywhen move` says here: where the log was moved to, or where it is being moved from,
-- and which run of it said so.
CREATE TABLE move (
  moved_to TEXT,
  moved_from TEXT,
  move_id TEXT
) STRICT;

INSERT INTO move (moved_to, moved_from, move_id) VALUES (NULL, NULL, NULL);
