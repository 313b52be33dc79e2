-- begin_pace --
-- A database of which nothing is known, or was known too long ago, begins with all its lanes.
INSERT INTO pace (database_id, budget, lanes, batch, move, reason)
VALUES (:database_id, :budget, :lanes, :batch, :move, :reason)
ON CONFLICT (database_id) DO UPDATE
SET budget = excluded.budget,
    lanes = excluded.lanes,
    batch = excluded.batch,
    move = excluded.move,
    reason = excluded.reason,
    rate = 0,
    ceiling = NULL,
    calm = 0,
    execution_id = NULL,
    decided_at = clock_timestamp()
WHERE pace.decided_at < clock_timestamp() - :forgotten * interval '1 second';

-- pace --
SELECT *, decided_at < clock_timestamp() - :forgotten * interval '1 second' AS is_forgotten
FROM pace
WHERE database_id = :database_id;

-- report_pace --
-- Adds what a lane did. When nobody was at work before it, measuring begins anew with it, so that rest is not taken
-- for slowness. Returns for how long has been measured.
WITH before AS (
    SELECT database_id, reported_at > clock_timestamp() - (:seconds + :rest) * interval '1 second' AS goes_on
    FROM pace
    WHERE database_id = :database_id
    FOR UPDATE
)
UPDATE pace
SET began_at = CASE WHEN goes_on THEN began_at ELSE clock_timestamp() - :seconds * interval '1 second' END,
    slots = array_append(CASE WHEN goes_on THEN array_remove(slots, :slot) ELSE '{}' END, :slot),
    done = :done + CASE WHEN goes_on THEN done ELSE 0 END,
    failed = :failed + CASE WHEN goes_on THEN failed ELSE 0 END,
    refused = :refused + CASE WHEN goes_on THEN refused ELSE 0 END,
    reported_at = clock_timestamp()
FROM before
WHERE pace.database_id = before.database_id
RETURNING pace.*, extract(epoch FROM clock_timestamp() - began_at) AS seconds;

-- due_pace --
-- The pace, locked, when there is to be a decision and no other lane is at it; and how many lanes were at work.
SELECT pace.*,
       clock_timestamp() AS now,
       extract(epoch FROM clock_timestamp() - began_at) AS seconds,
       (SELECT count(*) FROM lane
        WHERE lane.database_id = pace.database_id AND lane.slot <= :bulk
          AND (lane.slot = ANY (pace.slots) OR lane.lease_until > clock_timestamp())) AS at_work
FROM pace
WHERE database_id = :database_id AND began_at <= clock_timestamp() - :every * interval '1 second'
FOR UPDATE OF pace SKIP LOCKED;

-- move_pace --
-- A decision; measuring begins anew.
UPDATE pace
SET budget = :budget,
    lanes = :lanes,
    batch = :batch,
    move = :move,
    reason = :reason,
    rate = :rate,
    ceiling = :ceiling,
    calm = :calm,
    execution_id = :execution_id,
    decided_at = clock_timestamp(),
    changes = CAST(:changes AS jsonb),
    began_at = clock_timestamp(),
    slots = '{}',
    done = 0,
    failed = 0,
    refused = 0
WHERE database_id = :database_id;

-- paces --
-- The pace of each database where an execution decided about it.
SELECT database_id, lanes, batch, reason, coalesce(execution_id = :id, false) AS is_last, changes
FROM pace
WHERE execution_id = :id
   OR changes @> jsonb_build_array(jsonb_build_object('execution', CAST(:id AS text)))
ORDER BY database_id;
