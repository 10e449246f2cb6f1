-- Every stream of suppressions, by its first change: so that a list of them does not read past all other streams.
CREATE INDEX change_suppressed ON change (stream) WHERE kind = 'suppression' AND previous IS NULL;
