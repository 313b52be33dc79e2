-- open_execution --
-- Returns nothing when the execution is open already.
INSERT INTO execution (id, kind, state, requested_by, to_version, folders, options, stages, takes_back, waves, total,
                       skipped, most_failures, due_at, window_closes)
VALUES (:id, :kind, :state, :requested_by, :to_version, CAST(:folders AS jsonb), CAST(:options AS jsonb),
        CAST(:stages AS jsonb), :takes_back, :waves, :total, :skipped, :most_failures, :due_at, :window_closes)
ON CONFLICT (id) DO NOTHING
RETURNING id;

-- add_outcomes --
INSERT INTO outcome (execution_id, database_id, schema_name, tenant_id, scope, wave, stage, position)
SELECT :execution_id, planned.*
FROM unnest(CAST(:databases AS text[]), CAST(:schemas AS text[]), CAST(:tenants AS text[]), CAST(:scopes AS text[]),
            CAST(:waves AS integer[]), CAST(:stages AS integer[]), CAST(:positions AS integer[])) AS planned
ON CONFLICT DO NOTHING;

-- blocker --
-- An execution that is at work on some of this one's targets, or came earlier and waits like this one. One that waits for
-- its window stops nobody, and takes its turn behind those that are at work when the window opens.
SELECT other.execution_id AS id
FROM outcome AS mine
JOIN outcome AS other USING (database_id, schema_name)
JOIN execution AS another ON another.id = other.execution_id
JOIN execution AS this ON this.id = mine.execution_id
WHERE mine.execution_id = :id
  AND other.execution_id <> :id
  AND mine.state IN ('pending', 'running')
  AND other.state IN ('pending', 'running')
  AND another.finished_at IS NULL
  AND NOT (another.state = 'planned' AND coalesce(another.due_at > clock_timestamp(), false))
  AND (another.wave > 0 AND another.state IN ('running', 'soaking', 'paused') OR (another.created_at, another.id) < (this.created_at, this.id))
ORDER BY another.wave > 0 DESC, another.created_at
LIMIT 1;

-- wait_for --
UPDATE execution SET state = 'pending', waits_for = :blocker
WHERE id = :id AND state IN ('pending', 'planned', 'running') AND wave = 0;

-- execution --
SELECT execution.*, event.type, event.status AS event_status,
       coalesce(extract(epoch FROM clock_timestamp() - finished_at), 0) AS age_seconds,
       extract(epoch FROM coalesce(finished_at, clock_timestamp()) - event.created_at) AS seconds
FROM execution
JOIN event USING (id)
WHERE id = :id;

-- executions --
SELECT execution.*, event.type,
       extract(epoch FROM coalesce(finished_at, clock_timestamp()) - event.created_at) AS seconds
FROM execution
JOIN event USING (id)
ORDER BY execution.created_at DESC
LIMIT :most;

-- lock_execution --
SELECT id FROM execution WHERE id = :id FOR UPDATE;

-- standing --
-- An execution counted for the decision about its next step.
SELECT execution.state, execution.wave, execution.waves, execution.drives, execution.failed,
       counted.pending, counted.held, counted.lost,
       extract(epoch FROM clock_timestamp() - greatest(execution.driven_at, counted.lease_until, counted.finished_at))
           AS quiet_seconds,
       coalesce(execution.failed - execution.forgiven > execution.most_failures, false)
           OR coalesce(this.failed > this.most_failures, false) AS is_over_budget,
       coalesce(next.stage <> this.stage, false) AS stage_ends,
       (SELECT coalesce(sum(greatest(0, failed - forgiven)), 0)
        FROM wave
        WHERE execution_id = execution.id AND stage = this.stage) AS stage_failed,
       coalesce(CAST(execution.options ->> 'force' AS boolean), false) AS is_forced,
       coalesce(CAST(execution.options ->> 'soak_seconds' AS double precision), 0) > 0 AS soaks,
       coalesce(extract(epoch FROM execution.due_at - clock_timestamp()), 0) AS due_in,
       coalesce(execution.window_closes <= clock_timestamp(), false) AS is_closed
FROM execution
LEFT JOIN wave AS this ON this.execution_id = execution.id AND this.number = execution.wave
LEFT JOIN wave AS next ON next.execution_id = execution.id AND next.number = execution.wave + 1
CROSS JOIN LATERAL (
    SELECT count(*) FILTER (WHERE outcome.wave = execution.wave AND (outcome.state = 'pending'
               OR outcome.state = 'running' AND outcome.lease_until <= clock_timestamp())) AS pending,
           count(*) FILTER (WHERE outcome.state = 'running' AND outcome.lease_until > clock_timestamp()) AS held,
           count(*) FILTER (WHERE outcome.wave = execution.wave AND outcome.state = 'running'
               AND outcome.lease_until <= clock_timestamp() AND outcome.lease_until > execution.driven_at) AS lost,
           max(outcome.lease_until) AS lease_until,
           max(outcome.finished_at) FILTER (WHERE outcome.wave = execution.wave) AS finished_at
    FROM outcome
    WHERE outcome.execution_id = execution.id) AS counted
WHERE execution.id = :id;

-- move --
-- One legal step; the caller names the states from which it leads there.
UPDATE execution
SET state = :state,
    reason = :reason,
    finished_at = CASE WHEN :is_end THEN clock_timestamp() END,
    driven_at = clock_timestamp()
WHERE id = :id AND state = ANY (CAST(:sources AS text[]));

-- outcomes --
SELECT * FROM outcome WHERE execution_id = :id ORDER BY wave, position, database_id, schema_name LIMIT :most;

-- failures --
SELECT * FROM outcome WHERE execution_id = :id AND state = 'failed' ORDER BY database_id, schema_name LIMIT :most;

-- failure_groups --
-- The failures of an execution by what they have in common: values in quotes, numbers and the target's names do not count.
SELECT sqlstate, script, line, error, count(*) AS count,
       (array_agg(database_id || '/' || schema_name ORDER BY database_id, schema_name))[1] AS sample,
       (array_agg(tenant_id ORDER BY database_id, schema_name))[1] AS sample_tenant,
       (array_agg(statement ORDER BY database_id, schema_name))[1] AS statement,
       (array_agg(error_message ORDER BY database_id, schema_name))[1] AS message,
       (array_agg(database_id ORDER BY database_id, schema_name))[1:20] AS databases,
       (array_agg(schema_name ORDER BY database_id, schema_name))[1:20] AS schemas,
       (array_agg(tenant_id ORDER BY database_id, schema_name))[1:20] AS tenants,
       min(finished_at) AS first_at, max(finished_at) AS last_at
FROM (
    SELECT outcome.*,
           regexp_replace(regexp_replace(replace(error_message, schema_name, '<schema>'),
               '"[^"]*"|''[^'']*''|\([^)]*\)=\([^)]*\)', '<value>', 'g'), '\d+', '<n>', 'g') AS error
    FROM outcome
    WHERE execution_id = :id AND state = 'failed') AS failed
GROUP BY sqlstate, script, line, error
ORDER BY count(*) DESC, error
LIMIT :most;

-- summed --
-- What the report says of the targets as a whole.
SELECT count(*) FILTER (WHERE state = 'done') AS done,
       count(*) FILTER (WHERE state = 'failed') AS failed,
       count(*) FILTER (WHERE state = 'running') AS running,
       count(*) FILTER (WHERE cardinality(applied) > 0) AS changed,
       coalesce(sum(cardinality(applied)), 0) AS applied
FROM outcome
WHERE execution_id = :id;

-- fingerprints --
SELECT database_id, schema_name, scope, to_version, note, fingerprint_after
FROM outcome
WHERE execution_id = :id AND fingerprint_after IS NOT NULL
ORDER BY database_id, schema_name, stage;

-- waiting_for --
SELECT execution.id, event.type, event.priority
FROM execution
JOIN event USING (id)
WHERE execution.waits_for = :id AND execution.state = 'pending';

-- open_executions --
-- Executions that have not ended, or whose event has not, and that upkeep did not send again lately, or not since a lease ran out.
SELECT execution.id, event.type, event.priority, event.status AS event_status
FROM execution
JOIN event USING (id)
WHERE (execution.state IN ('pending', 'planned', 'running', 'soaking')
       OR execution.finished_at IS NOT NULL AND event.status NOT IN ('completed', 'failed'))
  AND (execution.nudged_at < clock_timestamp() - :rest * interval '1 second'
       OR execution.due_at <= clock_timestamp() AND execution.nudged_at < execution.due_at
       OR EXISTS (
           SELECT FROM outcome
           WHERE outcome.execution_id = execution.id AND outcome.state = 'running'
             AND outcome.lease_until <= clock_timestamp() AND outcome.lease_until > execution.nudged_at))
ORDER BY execution.driven_at
LIMIT 100
FOR UPDATE OF execution SKIP LOCKED;

-- nudge --
UPDATE execution SET nudged_at = clock_timestamp() WHERE id = :id;
