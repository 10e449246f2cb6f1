-- breaking
-- What the index needs of each stream's newest change, in a few bytes: derived, and written after the append, by whoever
-- reads that change. A row counts only while `position` is the stream's head. `name` is whose change it is; it and `said`
-- go with the row, and the vacuum after an erasure takes them out of its page. The room left in each page is for the codes
-- of newer changes, which need no new index entry then.
--
-- Breaking, as a version that does not know of it would erase a subject and leave its code.
CREATE TABLE saywhen.code (
  stream BIGINT PRIMARY KEY,
  position BIGINT NOT NULL,
  name BYTEA NOT NULL CHECK (length(name) = 12),
  said BYTEA NOT NULL
) WITH (fillfactor = 80);

-- Until the end of the transaction nobody else saves codes, and all that were saved before can be seen: whoever erases a
-- stream says this before it takes the code away. Else a code could be saved meanwhile by somebody who had still seen the
-- stream. Said before the log's head is taken, never after it: so appends need not wait while savers are waited for, and
-- no two wait for each other. A number that no other program is likely to lock; those who save codes share it. No row of a
-- stream is locked for it, so appends neither wait nor find their rows changed.
CREATE FUNCTION saywhen.hold_codes() RETURNS VOID
LANGUAGE plpgsql SET lock_timeout = '3s' AS $$
BEGIN
  PERFORM pg_advisory_xact_lock(7310575174815248995);
END
$$;

-- Keeps codes, those of streams whose head they are, where none is kept, or another one: of several nodes that save the
-- same, one writes. Another change may have had that position, in a database that was set back since: so what its entry
-- commits to comes along, and is compared. Commitments, 32 bytes each, are one value, and so are names, 12 bytes each, and
-- what they say, by where it ends. All write in the order of the streams, so that no two of them wait for each other.
-- Joined by hash, as a list of streams is looked up in an index at once, and one by one would be in that of each
-- partition; commitments one by one, as each position leads to one partition.
--
-- Of two that save at one time the one that saw less may write last: its code counts for nothing, and that stream is
-- read as a change.
CREATE FUNCTION saywhen.save_codes(
  streams BIGINT[], positions BIGINT[], commitments BYTEA, names BYTEA, texts BYTEA, ends INT[]
) RETURNS VOID
LANGUAGE plpgsql
SET lock_timeout = '3s' SET enable_nestloop = off SET enable_mergejoin = off SET enable_seqscan = off SET jit = off
SET plan_cache_mode = force_generic_plan AS $$
BEGIN
  -- What is lost with the power is made again.
  PERFORM set_config('synchronous_commit', 'off', true);
  -- First, and in a statement of its own: the next one sees every erasure that was committed until then.
  PERFORM pg_advisory_xact_lock_shared(7310575174815248995);
  INSERT INTO saywhen.code AS kept (stream, position, name, said)
  SELECT DISTINCT ON (s.id) s.id, s.head, new.name, new.said
  FROM (SELECT streams[i] AS stream, positions[i] AS position, substring(commitments FROM i * 32 - 31 FOR 32) AS commitment,
    substring(names FROM i * 12 - 11 FOR 12) AS name,
    substring(texts FROM coalesce(ends[i - 1], 0) + 1 FOR ends[i] - coalesce(ends[i - 1], 0)) AS said
    FROM generate_series(1, cardinality(streams)) AS i) AS new
  JOIN saywhen.stream AS s ON s.id = new.stream AND s.head = new.position
  LEFT JOIN saywhen.code AS known ON known.stream = s.id AND known.stream = ANY(streams)
  WHERE s.id = ANY(streams) AND s.digest IS NOT NULL
    AND new.commitment = (SELECT c.commitment FROM saywhen.change AS c WHERE c.position = s.head)
    AND (known.position, known.name, known.said) IS DISTINCT FROM (s.head, new.name, new.said)
  ORDER BY s.id
  ON CONFLICT (stream) DO UPDATE SET position = excluded.position, name = excluded.name, said = excluded.said
  WHERE (kept.position, kept.name, kept.said) IS DISTINCT FROM (excluded.position, excluded.name, excluded.said);
END
$$;

-- The codes of a page of streams, those after `after` in the order of their ids: in base 64, as the driver takes bytes as
-- text only; which streams of the page have no code; its last stream; and how many streams it has.
--
-- A standby may be behind, as in `newest`. Merged, as streams and codes are both read in the order of an index: so what
-- is asked for in that order need not be sorted.
CREATE FUNCTION saywhen.coded(after BIGINT, most INT, OUT codes TEXT, OUT lacking BIGINT[], OUT last BIGINT, OUT count INT)
LANGUAGE plpgsql STABLE
SET lock_timeout = '3s' SET enable_hashjoin = off SET enable_nestloop = off SET enable_seqscan = off
SET enable_bitmapscan = off SET max_parallel_workers_per_gather = 0 SET jit = off
SET plan_cache_mode = force_generic_plan AS $$
BEGIN
  IF pg_is_in_recovery() AND current_setting('transaction_isolation') = 'read committed' THEN
    RAISE EXCEPTION 'a standby may be behind' USING ERRCODE = 'read_only_sql_transaction';
  END IF;
  SELECT encode(string_agg((s.id::text || ' ' || s.head::text || ' ' || length(c.said)::text || ' ')::bytea || c.name || c.said,
      '' ORDER BY s.id), 'base64'),
    array_agg(s.id ORDER BY s.id) FILTER (WHERE c.stream IS NULL), max(s.id), count(*)
  INTO codes, lacking, last, count
  FROM (SELECT id, head FROM saywhen.stream WHERE id > after AND digest IS NOT NULL ORDER BY id LIMIT most) AS s
  LEFT JOIN saywhen.code AS c ON c.stream = s.id AND c.position = s.head AND c.stream > after;
END
$$;
