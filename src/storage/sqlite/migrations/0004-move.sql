-- What `saywhen move` says here: where the log was moved to, or where it is being moved from.
CREATE TABLE move (
  moved_to TEXT,
  moved_from TEXT
) STRICT;

INSERT INTO move (moved_to, moved_from) VALUES (NULL, NULL);
