-- add_waves --
INSERT INTO wave (execution_id, number, stage, is_canary, total, most_failures)
SELECT :execution_id, planned.*
FROM unnest(CAST(:numbers AS integer[]), CAST(:stages AS integer[]), CAST(:canaries AS boolean[]),
            CAST(:totals AS integer[]), CAST(:most AS integer[])) AS planned
ON CONFLICT DO NOTHING;

-- waves --
SELECT * FROM wave WHERE execution_id = :id ORDER BY number;

-- send_wave --
WITH sent AS (
    UPDATE execution
    SET state = 'running', wave = :wave, driven_at = clock_timestamp(), drives = 0, due_at = NULL, waits_for = NULL
    WHERE id = :id AND wave = :wave - 1 AND state IN ('pending', 'planned', 'running', 'soaking')
    RETURNING id
)
UPDATE wave SET sent_at = coalesce(sent_at, clock_timestamp())
FROM sent
WHERE wave.execution_id = sent.id AND wave.number = :wave;

-- send_again --
UPDATE execution
SET state = 'running', driven_at = clock_timestamp(), drives = drives + 1, due_at = NULL
WHERE id = :id AND state IN ('planned', 'running');

-- note_driven --
-- Somebody is at it, or waits and will be back: nothing is lost.
UPDATE execution SET driven_at = clock_timestamp() WHERE id = :id AND state = 'running';

-- free_targets --
-- How many targets of the wave are free, by database.
SELECT database_id, count(*) AS free
FROM outcome
WHERE execution_id = :id AND wave = :wave
  AND (state = 'pending' OR state = 'running' AND lease_until <= clock_timestamp())
GROUP BY database_id
ORDER BY database_id;

-- waiting_databases --
-- Where lanes of the wave wait outside the workers.
SELECT database_id FROM lane_wait WHERE execution_id = :id AND wave = :wave AND until > clock_timestamp();

-- note_lane_waits --
-- Written once in a while: many lanes may wait for the same.
INSERT INTO lane_wait AS known (execution_id, database_id, wave, until)
VALUES (:execution_id, :database_id, :wave, clock_timestamp() + :seconds * interval '1 second')
ON CONFLICT (execution_id, database_id, wave) DO UPDATE SET until = excluded.until
WHERE known.until < excluded.until - interval '2 seconds';

-- lost_lanes --
-- How many lanes of the wave were lost since it was last sent out, by database: their leases ran out.
SELECT outcome.database_id, count(DISTINCT outcome.lease_holder) AS lost
FROM outcome
JOIN execution ON execution.id = outcome.execution_id AND execution.wave = outcome.wave
WHERE outcome.execution_id = :id AND outcome.state = 'running'
  AND outcome.lease_until <= clock_timestamp() AND outcome.lease_until > execution.driven_at
GROUP BY outcome.database_id
ORDER BY outcome.database_id;

-- soak --
UPDATE execution
SET state = 'soaking', driven_at = clock_timestamp(),
    due_at = clock_timestamp() + CAST(options ->> 'soak_seconds' AS double precision) * interval '1 second'
WHERE id = :id AND state = 'running';

-- roll_over --
-- On to the next window.
UPDATE execution
SET state = 'planned', driven_at = clock_timestamp(), drives = 0, due_at = :opens, window_closes = :closes,
    waits_for = NULL
WHERE id = :id AND state IN ('pending', 'planned', 'running');

-- remaining --
-- The targets that nobody holds and that are not done: untouched ones and, where they are wanted too, failed ones.
SELECT outcome.stage, outcome.database_id, outcome.schema_name, outcome.scope, outcome.tenant_id,
       database.labels || coalesce(tenant.labels, '{}') AS labels
FROM outcome
JOIN database ON database.id = outcome.database_id
LEFT JOIN tenant ON tenant.id = outcome.tenant_id
WHERE outcome.execution_id = :id
  AND (outcome.state = 'pending' OR outcome.state = 'running' AND outcome.lease_until <= clock_timestamp()
       OR outcome.state = 'failed' AND :failed)
ORDER BY outcome.stage, outcome.wave, outcome.position, outcome.database_id, outcome.schema_name
FOR UPDATE OF outcome;

-- put_in_waves --
UPDATE outcome
SET state = 'pending', wave = planned.wave, position = planned.position, lease_until = NULL, fence = fence + 1,
    tries = 0, losses = '[]',
    sqlstate = NULL, error_message = NULL, script = NULL, line = NULL, statement = NULL, finished_at = NULL
FROM unnest(CAST(:databases AS text[]), CAST(:schemas AS text[]), CAST(:stages AS integer[]),
            CAST(:waves AS integer[]), CAST(:positions AS integer[]))
    AS planned (database_id, schema_name, stage, wave, position)
WHERE outcome.execution_id = :execution_id
  AND outcome.database_id = planned.database_id
  AND outcome.schema_name = planned.schema_name
  AND outcome.stage = planned.stage;

-- forget_waves --
DELETE FROM wave WHERE execution_id = :id AND number > (SELECT wave FROM execution WHERE execution.id = :id);

-- count_again --
-- After targets moved to other waves: what each wave has, and the execution as a whole. A soak that it was in is over;
-- a window is still waited for.
WITH counted AS (
    SELECT wave, count(*) AS total, count(*) FILTER (WHERE state = 'done') AS done,
           count(*) FILTER (WHERE state = 'failed') AS failed
    FROM outcome
    WHERE execution_id = :id
    GROUP BY wave
), emptied AS (
    DELETE FROM wave WHERE execution_id = :id AND number NOT IN (SELECT wave FROM counted)
), waves AS (
    UPDATE wave
    SET total = counted.total, done = counted.done, failed = counted.failed,
        forgiven = CASE WHEN :forgive THEN counted.failed ELSE 0 END,
        most_failures = CASE WHEN :forgive THEN greatest(most_failures, counted.failed) ELSE most_failures END
    FROM counted
    WHERE wave.execution_id = :id AND wave.number = counted.wave
)
UPDATE execution
SET waves = greatest(wave, (SELECT coalesce(max(wave), 0) FROM counted)),
    done = (SELECT coalesce(sum(done), 0) FROM counted),
    failed = (SELECT coalesce(sum(failed), 0) FROM counted),
    forgiven = CASE WHEN :forgive THEN (SELECT coalesce(sum(failed), 0) FROM counted) ELSE 0 END,
    due_at = window_closes - CAST(options ->> 'window_seconds' AS double precision) * interval '1 second'
WHERE id = :id;
