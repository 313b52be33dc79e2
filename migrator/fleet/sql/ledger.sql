-- open_execution --
-- Returns nothing when the execution is open already.
INSERT INTO execution (id, state, requested_by, to_version, folders, waves, total, skipped)
VALUES (:id, 'running', :requested_by, :to_version, CAST(:folders AS jsonb), :waves, :total, :skipped)
ON CONFLICT (id) DO NOTHING
RETURNING id;

-- add_outcomes --
INSERT INTO outcome (execution_id, database_id, schema_name, tenant_id, scope, wave)
SELECT :execution_id, planned.*
FROM unnest(CAST(:databases AS text[]), CAST(:schemas AS text[]), CAST(:tenants AS text[]),
            CAST(:scopes AS text[]), CAST(:waves AS integer[])) AS planned;

-- execution --
SELECT execution.*, event.type, event.status AS event_status,
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
SELECT execution.state, execution.wave, execution.waves, execution.drives,
       count(outcome.*) FILTER (WHERE outcome.wave = execution.wave AND (outcome.state = 'pending'
            OR outcome.state = 'running' AND outcome.lease_until <= clock_timestamp())) AS pending,
       count(outcome.*) FILTER (WHERE outcome.wave = execution.wave
            AND outcome.state = 'running' AND outcome.lease_until > clock_timestamp()) AS held,
       execution.failed,
       extract(epoch FROM clock_timestamp() - greatest(execution.driven_at, max(outcome.lease_until),
            max(outcome.finished_at))) AS quiet_seconds
FROM execution
LEFT JOIN outcome ON outcome.execution_id = execution.id AND outcome.wave = execution.wave
WHERE execution.id = :id
GROUP BY execution.id;

-- send_wave --
UPDATE execution SET wave = :wave, driven_at = clock_timestamp(), drives = 0
WHERE id = :id AND wave = :wave - 1 AND state = 'running';

-- send_again --
UPDATE execution SET driven_at = clock_timestamp(), drives = drives + 1 WHERE id = :id AND state = 'running';

-- free_targets --
-- How many targets of the wave are free, by database.
SELECT database_id, count(*) AS free
FROM outcome
WHERE execution_id = :id AND wave = :wave
  AND (state = 'pending' OR state = 'running' AND lease_until <= clock_timestamp())
GROUP BY database_id
ORDER BY database_id;

-- claim --
-- Claims free targets of one database: never claimed, or their lease ran out. Two lanes never get the same ones,
-- and near the end each takes only its share, so that they end together.
WITH free AS (
    SELECT execution_id, database_id, schema_name
    FROM outcome
    WHERE execution_id = :execution_id AND database_id = :database_id AND wave = :wave
      AND state IN ('pending', 'running')
      AND EXISTS (SELECT FROM execution WHERE id = :execution_id AND state = 'running')
      AND (state = 'pending' OR lease_until <= clock_timestamp())
    ORDER BY schema_name
    LIMIT least(:most, (
        SELECT 1 + count(*) / :share
        FROM outcome
        WHERE execution_id = :execution_id AND database_id = :database_id AND wave = :wave AND state = 'pending'))
    FOR UPDATE SKIP LOCKED
)
UPDATE outcome
SET state = 'running',
    lease_holder = :holder,
    lease_until = clock_timestamp() + :seconds * interval '1 second',
    fence = outcome.fence + 1
FROM free
WHERE outcome.execution_id = free.execution_id
  AND outcome.database_id = free.database_id
  AND outcome.schema_name = free.schema_name
RETURNING outcome.database_id, outcome.schema_name, outcome.fence, outcome.tenant_id;

-- renew --
UPDATE outcome SET lease_until = clock_timestamp() + :seconds * interval '1 second'
WHERE execution_id = :execution_id AND database_id = :database_id
  AND lease_holder = :holder AND state = 'running';

-- give_back --
UPDATE outcome SET state = 'pending', lease_until = NULL
WHERE execution_id = :execution_id AND database_id = :database_id
  AND lease_holder = :holder AND state = 'running';

-- write_outcomes --
-- Writes outcomes whose fence still holds, counts them along in the execution, and says how many they were.
WITH said AS (
    SELECT * FROM jsonb_to_recordset(CAST(:outcomes AS jsonb)) AS said (
        database_id text, schema_name text, fence bigint, state text, from_version text, to_version text,
        applied text[], seconds double precision, sqlstate text, error_message text, script text, line integer,
        statement text)
), written AS (
    UPDATE outcome
    SET state = said.state,
        lease_until = NULL,
        from_version = said.from_version,
        to_version = said.to_version,
        applied = coalesce(said.applied, '{}'),
        seconds = said.seconds,
        sqlstate = said.sqlstate,
        error_message = said.error_message,
        script = said.script,
        line = said.line,
        statement = said.statement,
        finished_at = clock_timestamp()
    FROM said
    WHERE outcome.execution_id = :execution_id
      AND outcome.database_id = said.database_id
      AND outcome.schema_name = said.schema_name
      AND outcome.fence = said.fence
      AND outcome.state = 'running'
    RETURNING outcome.state
)
UPDATE execution
SET done = done + (SELECT count(*) FROM written WHERE state = 'done'),
    failed = failed + (SELECT count(*) FROM written WHERE state = 'failed')
WHERE id = :execution_id
RETURNING (SELECT count(*) FROM written) AS written;

-- fail_free --
-- Fails every free target of a database that nobody can work on; not while some other lane does work on it.
WITH free AS (
    UPDATE outcome
    SET state = 'failed', lease_until = NULL, fence = fence + 1, error_message = :error_message,
        finished_at = clock_timestamp()
    WHERE execution_id = :execution_id AND database_id = :database_id AND wave = :wave
      AND (state = 'pending' OR state = 'running' AND lease_until <= clock_timestamp())
      AND NOT EXISTS (
          SELECT FROM outcome AS held
          WHERE held.execution_id = :execution_id AND held.database_id = :database_id AND held.wave = :wave
            AND held.state = 'running' AND held.lease_until > clock_timestamp())
    RETURNING state
)
UPDATE execution SET failed = failed + (SELECT count(*) FROM free) WHERE id = :execution_id;

-- finish_execution --
UPDATE execution SET state = :state, reason = :reason, finished_at = clock_timestamp()
WHERE id = :id AND state = 'running';

-- outcomes --
SELECT * FROM outcome WHERE execution_id = :id ORDER BY wave, database_id, schema_name LIMIT :most;

-- failures --
SELECT * FROM outcome WHERE execution_id = :id AND state = 'failed' ORDER BY database_id, schema_name LIMIT :most;

-- summed --
-- What the report says of the targets as a whole.
SELECT count(*) FILTER (WHERE state = 'done') AS done,
       count(*) FILTER (WHERE state = 'failed') AS failed,
       count(*) FILTER (WHERE state = 'running') AS running,
       count(*) FILTER (WHERE cardinality(applied) > 0) AS changed,
       coalesce(sum(cardinality(applied)), 0) AS applied
FROM outcome
WHERE execution_id = :id;

-- open_executions --
-- Executions that have not ended and that upkeep did not send again lately, those driven longest ago first.
SELECT execution.id, event.type, event.priority, event.status AS event_status
FROM execution
JOIN event USING (id)
WHERE execution.state = 'running' AND execution.nudged_at < clock_timestamp() - :rest * interval '1 second'
ORDER BY execution.driven_at
LIMIT 100
FOR UPDATE OF execution SKIP LOCKED;

-- nudge --
UPDATE execution SET nudged_at = clock_timestamp() WHERE id = :id;
