-- claim_spare --
-- A spare of a state of the folder for an execution: the one that it has already, else a ready one that nobody else is
-- taking at this moment. Oldest first.
WITH free AS (
    SELECT database_id, schema_name
    FROM spare
    WHERE database_id = :database_id
      AND (state = 'ready' AND digest = :digest OR state = 'taken' AND holder = :execution_id)
    ORDER BY state = 'taken' DESC, made_at
    LIMIT 1
    FOR UPDATE SKIP LOCKED
)
UPDATE spare
SET state = 'taken', holder = :execution_id, changed_at = clock_timestamp()
FROM free
WHERE spare.database_id = free.database_id AND spare.schema_name = free.schema_name
RETURNING spare.*;

-- keep_spare --
-- One that was claimed and not renamed, and is as it was.
UPDATE spare SET state = 'ready', holder = NULL, changed_at = clock_timestamp()
WHERE database_id = :database_id AND schema_name = :schema_name AND state = 'taken' AND holder = :holder;

-- fail_spare --
UPDATE spare SET state = 'failed', holder = NULL, reason = :reason, changed_at = clock_timestamp()
WHERE database_id = :database_id AND schema_name = :schema_name AND state IN ('ready', 'taken');

-- forget_spare --
-- A tenant has it now, or it is not there any more.
DELETE FROM spare WHERE database_id = :database_id AND schema_name = :schema_name AND state <> 'ready';

-- begin_spare --
-- Before the schema is made, so that none is ever there without a row.
INSERT INTO spare (database_id, schema_name, state, holder) VALUES (:database_id, :schema_name, 'making', :holder);

-- take_back_spare --
-- Out of reach for tenants while it is worked on or dropped; nothing when a tenant was quicker.
UPDATE spare
SET state = 'making', holder = :holder, changed_at = clock_timestamp()
WHERE database_id = :database_id AND schema_name = :schema_name
  AND (state IN ('ready', 'failed', 'making') OR state = 'taken' AND EXISTS (
      SELECT FROM event WHERE event.id = spare.holder AND event.status IN ('completed', 'failed')));

-- ready_spare --
-- Not when somebody else has taken over meanwhile.
UPDATE spare
SET state = 'ready', holder = NULL, digest = :digest, version = :version, fingerprint = :fingerprint, stamp = :stamp,
    rank = :rank, reason = NULL, changed_at = clock_timestamp()
WHERE database_id = :database_id AND schema_name = :schema_name AND state = 'making' AND holder = :holder;

-- spares --
-- Whether the taker of a spare is over: an execution whose event has ended, or of which nothing is known.
SELECT spare.*, event.id IS NULL OR event.status IN ('completed', 'failed') AS is_over
FROM spare
LEFT JOIN event ON event.id = spare.holder
WHERE CAST(:database_id AS text) IS NULL OR spare.database_id = :database_id
ORDER BY spare.database_id, spare.made_at, spare.schema_name;

-- pools --
-- Every tenant database that wants spares or has some.
SELECT database.id AS database_id, coalesce(database.spares, :standard) AS wanted, pool.refusal, pool.digest,
       pool.tended_at
FROM database
LEFT JOIN pool ON pool.database_id = database.id
WHERE database.state = 'active' AND database.kind = 'tenant'
  AND (CAST(:database_id AS text) IS NULL OR database.id = :database_id)
  AND (coalesce(database.spares, :standard) > 0 OR pool.refusal IS NOT NULL
       OR EXISTS (SELECT FROM spare WHERE spare.database_id = database.id))
ORDER BY database.id;

-- due_pools --
-- Pools that are not as they should be, or were not verified for long, and that nobody looks after or was asked to.
WITH due AS (
    SELECT database.id, counted.there - counted.taken < coalesce(database.spares, :standard) AS is_short
    FROM database
    LEFT JOIN pool ON pool.database_id = database.id
    CROSS JOIN LATERAL (
        SELECT count(*) AS there, count(*) FILTER (WHERE spare.state = 'ready' AND spare.digest = :digest) AS fit,
               count(*) FILTER (WHERE spare.state = 'taken') AS taken
        FROM spare
        WHERE spare.database_id = database.id) AS counted
    WHERE database.state = 'active' AND database.kind = 'tenant'
      AND (coalesce(database.spares, :standard) > 0 OR counted.there > 0)
      AND coalesce(pool.lease_until <= clock_timestamp(), true)
      AND coalesce(pool.asked_at < clock_timestamp() - :rest * interval '1 second', true)
      AND CASE
              WHEN pool.tended_at IS NULL OR pool.tended_at < clock_timestamp() - :every * interval '1 second' THEN true
              WHEN pool.refusal IS NOT NULL AND pool.digest = :digest THEN false
              ELSE counted.fit <> coalesce(database.spares, :standard) OR counted.there > counted.fit
          END
    LIMIT 100
)
INSERT INTO pool (database_id, asked_at, short_since)
SELECT id, clock_timestamp(), CASE WHEN is_short THEN clock_timestamp() END FROM due
ON CONFLICT (database_id) DO UPDATE
SET asked_at = EXCLUDED.asked_at, short_since = coalesce(pool.short_since, EXCLUDED.short_since)
RETURNING database_id;

-- claim_pool --
-- Nothing when somebody looks after it.
INSERT INTO pool (database_id, holder, lease_until)
VALUES (:database_id, :holder, clock_timestamp() + :seconds * interval '1 second')
ON CONFLICT (database_id) DO UPDATE SET holder = EXCLUDED.holder, lease_until = EXCLUDED.lease_until
WHERE pool.holder IS NULL OR pool.lease_until <= clock_timestamp()
RETURNING database_id;

-- renew_pool --
UPDATE pool SET lease_until = clock_timestamp() + :seconds * interval '1 second'
WHERE database_id = :database_id AND holder = :holder;

-- leave_pool --
UPDATE pool
SET holder = NULL, lease_until = NULL, digest = :digest, refusal = :refusal,
    tended_at = CASE WHEN :tended THEN clock_timestamp() ELSE tended_at END,
    short_since = CASE
        WHEN (SELECT count(*) FROM spare WHERE spare.database_id = pool.database_id AND spare.state = 'ready')
            < (SELECT coalesce(spares, :standard) FROM database WHERE id = pool.database_id)
        THEN short_since END
WHERE database_id = :database_id AND holder = :holder;

-- is_rolling_out --
-- Whether an execution of more than a newcomer's schema is at work on the database, or about to be.
SELECT EXISTS (
    SELECT
    FROM outcome
    JOIN execution ON execution.id = outcome.execution_id
    JOIN event ON event.id = execution.id
    WHERE outcome.database_id = :database_id
      AND outcome.state IN ('pending', 'running')
      AND execution.finished_at IS NULL
      AND execution.kind IN ('migrate', 'rollback')
      AND NOT (execution.state = 'planned' AND coalesce(execution.due_at > clock_timestamp(), false))
      AND event.type <> 'tenant.created') AS busy;

-- pools_of --
-- The databases of an execution that have spares or want some.
SELECT DISTINCT outcome.database_id
FROM outcome
JOIN database ON database.id = outcome.database_id
WHERE outcome.execution_id = :id AND outcome.scope = 'tenant'
  AND (coalesce(database.spares, :standard) > 0
       OR EXISTS (SELECT FROM spare WHERE spare.database_id = outcome.database_id))
ORDER BY outcome.database_id;
