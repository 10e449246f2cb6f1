-- breaking
-- What is done to the log in one call: a round trip less while the log's head is locked, and plans that are kept where
-- a pooler keeps no statement. They have to be told to be kept: PostgreSQL takes a plan that is good for all values to be
-- dearer than it is, and would plan at every call, which takes as long as the work. Nested loops over indexes only: a
-- plan that was made while the tables were small would scan them when they are large.

-- Makes partitions of `change` for all positions up to one: of fifty million changes each, some forty-five gigabytes.
CREATE FUNCTION saywhen.make_room(last BIGINT) RETURNS VOID
LANGUAGE plpgsql SET lock_timeout = '3s' AS $$
DECLARE
  changes_each CONSTANT BIGINT := 50000000;
  part TEXT;
BEGIN
  -- Of two nodes that need the same partition, one makes it; a number that no other program is likely to lock.
  PERFORM pg_advisory_xact_lock(7310575174815248997);
  FOR number IN 0..last / changes_each LOOP
    part := format('change_%s', number);
    CONTINUE WHEN to_regclass('saywhen.' || part) IS NOT NULL;
    -- Attached when it is there, it does not lock out those who read and write the others.
    EXECUTE format('CREATE TABLE saywhen.%I (LIKE saywhen.change INCLUDING ALL)', part);
    EXECUTE format('ALTER TABLE saywhen.change ATTACH PARTITION saywhen.%I FOR VALUES FROM (%s) TO (%s)',
      part, number * changes_each, (number + 1) * changes_each);
  END LOOP;
END
$$;

SELECT saywhen.make_room(0);

-- The newest change of each stream, by its place in the list of digests, 16 bytes each; none for a stream that is not
-- there. A stream whose newest change is missing has a row without a position. What the caller knows by its commitment
-- (32 bytes each, zeros where it knows none) comes without salt and body.
--
-- A standby may be behind, and be taken for the primary by a pooler: it answers only in a snapshot, which is how
-- whoever means to read a standby reads it.
CREATE FUNCTION saywhen.newest(digests BYTEA, known BYTEA)
RETURNS TABLE (place INT, id BIGINT, head BIGINT, "position" BIGINT, at BIGINT, stream BIGINT, previous BIGINT,
  kind TEXT, salt BYTEA, commitment BYTEA, body TEXT)
LANGUAGE plpgsql STABLE
SET lock_timeout = '3s' SET enable_hashjoin = off SET enable_mergejoin = off SET enable_seqscan = off SET jit = off
SET plan_cache_mode = force_generic_plan AS $$
BEGIN
  IF pg_is_in_recovery() AND current_setting('transaction_isolation') = 'read committed' THEN
    RAISE EXCEPTION 'a standby may be behind' USING ERRCODE = 'read_only_sql_transaction';
  END IF;
  RETURN QUERY
  SELECT i, s.id, s.head, c.position, c.at, c.stream, c.previous, c.kind,
    CASE WHEN c.commitment <> substring(known FROM i * 32 - 31 FOR 32) THEN c.salt END, c.commitment,
    CASE WHEN c.commitment <> substring(known FROM i * 32 - 31 FOR 32) THEN c.body END
  FROM generate_series(1, length(digests) / 16) AS i
  JOIN saywhen.stream AS s ON s.digest = substring(digests FROM i * 16 - 15 FOR 16)
  LEFT JOIN saywhen.change AS c ON c.position = s.head;
END
$$;

-- How many changes have a time up to `ms`, found by halving: times never go back. A change that is missing is answered
-- as its position, negative, less one.
CREATE FUNCTION saywhen.count_until(ms BIGINT) RETURNS BIGINT
LANGUAGE plpgsql STABLE SET lock_timeout = '3s' SET jit = off AS $$
DECLARE
  low BIGINT := 0;
  high BIGINT := coalesce((SELECT max(position) + 1 FROM saywhen.change), 0);
  middle BIGINT;
  found_at BIGINT;
BEGIN
  WHILE low < high LOOP
    middle := (low + high) / 2;
    SELECT at INTO found_at FROM saywhen.change WHERE position = middle;
    IF found_at IS NULL THEN RETURN -middle - 1; END IF;
    IF found_at <= ms THEN low := middle + 1; ELSE high := middle; END IF;
  END LOOP;
  RETURN low;
END
$$;

-- Locks the log's head, until the end of the transaction, and tells where the log ends: the next position and the time
-- of the last change. What is written under it is on the disk when it is acknowledged, whatever a session that a pooler
-- shares with other programs was told before.
CREATE FUNCTION saywhen.take_head(OUT next BIGINT, OUT at BIGINT)
LANGUAGE plpgsql SET lock_timeout = '3s' SET jit = off AS $$
BEGIN
  IF current_setting('synchronous_commit') = 'off' THEN PERFORM set_config('synchronous_commit', 'on', true); END IF;
  -- Nor is a warning kept back: only by it is it known that the wait for a standby was called off.
  IF current_setting('client_min_messages') = 'error' THEN PERFORM set_config('client_min_messages', 'warning', true); END IF;
  -- Who comes first is served first, which a row's lock does not see to; a number that no other program is likely to lock.
  PERFORM pg_advisory_xact_lock(7310575174815248996);
  PERFORM FROM saywhen.log_head FOR UPDATE;
  SELECT c.position + 1, c.at INTO next, at FROM saywhen.change AS c ORDER BY c.position DESC LIMIT 1;
  next := coalesce(next, 0);
  at := coalesce(at, 0);
END
$$;

-- Refuses what is written to a log that was moved to another database, or is still being moved to this one. SQLSTATE
-- SW001 is our own: its message goes to the sender.
CREATE FUNCTION saywhen.refuse_moved() RETURNS VOID
LANGUAGE plpgsql AS $$
DECLARE
  head RECORD;
BEGIN
  SELECT moved_to, moved_from INTO head FROM saywhen.log_head;
  IF head.moved_to IS NOT NULL THEN
    RAISE EXCEPTION 'the database was moved to %, or is being moved there', head.moved_to USING ERRCODE = 'SW001';
  END IF;
  IF head.moved_from IS NOT NULL THEN
    RAISE EXCEPTION 'the database is being filled from %', head.moved_from USING ERRCODE = 'SW001';
  END IF;
END
$$;

-- Appends a group's changes, all with the time `ms`, and answers with the position of the first: or, having changed
-- nothing, -1 when a stream has moved on since it was read, or the time of the log's last change, negative, when that is
-- later than `ms`.
--
-- Lists of bytes are one value each: digests of 16 bytes, salts, commitments and heads of 32 bytes, bodies by where
-- they end. Streams are counted from 1, those to which the group appends first, in the order of their first changes.
CREATE FUNCTION saywhen.append(
  ms BIGINT,
  -- Each stream's digest; its newest change's commitment when it was read, zeros for none (null: nothing is compared,
  -- as the log's head was locked before); and which of the group's changes is its last, for those that have one.
  digests BYTEA, heads BYTEA, lasts INT[],
  -- Each change's stream, and which of the group's changes is its stream's change before it (0: none of them).
  streams INT[], befores INT[], kinds TEXT[], salts BYTEA, commitments BYTEA, bodies BYTEA, ends INT[],
  -- The addresses that are new to a stream.
  address_streams INT[], addresses BYTEA
) RETURNS BIGINT
LANGUAGE plpgsql
SET lock_timeout = '3s' SET enable_hashjoin = off SET enable_mergejoin = off SET enable_seqscan = off SET jit = off
SET plan_cache_mode = force_generic_plan AS $$
DECLARE
  none CONSTANT BYTEA := decode(repeat('00', 32), 'hex');
  log RECORD;
  moved BOOLEAN;
  ids BIGINT[];
  before BIGINT[];
  known BIGINT;
BEGIN
  log := saywhen.take_head();
  -- A continuation goes on here, under a new name, whatever becomes of the log elsewhere.
  IF kinds <> ARRAY['continuation'] THEN PERFORM saywhen.refuse_moved(); END IF;
  IF log.at > ms THEN RETURN -log.at; END IF;

  SELECT array_agg(s.id ORDER BY i), array_agg(s.head ORDER BY i),
    bool_or(coalesce(c.commitment, none) <> substring(heads FROM i * 32 - 31 FOR 32))
  INTO ids, before, moved
  FROM generate_series(1, length(digests) / 16) AS i
  LEFT JOIN saywhen.stream AS s ON s.digest = substring(digests FROM i * 16 - 15 FOR 16)
  LEFT JOIN saywhen.change AS c ON c.position = s.head;
  IF moved THEN RETURN -1; END IF;

  FOR i IN 1..cardinality(lasts) LOOP
    CONTINUE WHEN ids[i] IS NOT NULL;
    known := coalesce(known, (SELECT max(id) FROM saywhen.stream), 0) + 1;
    ids[i] := known;
  END LOOP;
  IF known IS NOT NULL THEN
    INSERT INTO saywhen.stream (id, digest, head)
    SELECT ids[i], substring(digests FROM i * 16 - 15 FOR 16), log.next + lasts[i] - 1
    FROM generate_series(1, cardinality(lasts)) AS i WHERE before[i] IS NULL;
  END IF;

  INSERT INTO saywhen.change (position, at, stream, previous, kind, salt, commitment, body)
  SELECT log.next + i - 1, ms, ids[streams[i]],
    CASE WHEN befores[i] = 0 THEN before[streams[i]] ELSE log.next + befores[i] - 1 END, kinds[i],
    substring(salts FROM i * 32 - 31 FOR 32), substring(commitments FROM i * 32 - 31 FOR 32),
    convert_from(substring(bodies FROM coalesce(ends[i - 1], 0) + 1 FOR ends[i] - coalesce(ends[i - 1], 0)), 'UTF8')
  FROM generate_series(1, cardinality(streams)) AS i;

  UPDATE saywhen.stream AS s SET head = log.next + lasts[i] - 1
  FROM generate_series(1, cardinality(lasts)) AS i
  WHERE s.digest = substring(digests FROM i * 16 - 15 FOR 16) AND before[i] IS NOT NULL;

  INSERT INTO saywhen.address (digest, stream)
  SELECT substring(addresses FROM i * 16 - 15 FOR 16), ids[address_streams[i]]
  FROM generate_series(1, cardinality(address_streams)) AS i
  ON CONFLICT DO NOTHING;

  RETURN log.next;
END
$$;
