-- claim --
-- Claims free targets of one database: never claimed, or their lease ran out. Two lanes never get the same ones,
-- and near the end each takes only its share, so that they end together. Nothing is claimed while the execution is
-- paused, over its failure budget, or outside its window.
WITH going AS (
    SELECT execution.id
    FROM execution
    JOIN wave ON wave.execution_id = execution.id AND wave.number = :wave
    WHERE execution.id = :execution_id
      AND execution.state = 'running'
      AND coalesce(execution.failed - execution.forgiven <= execution.most_failures, true)
      AND coalesce(wave.failed <= wave.most_failures, true)
      AND coalesce(execution.window_closes > clock_timestamp(), true)
), free AS (
    SELECT execution_id, database_id, schema_name, stage
    FROM outcome
    WHERE execution_id = :execution_id AND database_id = :database_id AND wave = :wave
      AND state IN ('pending', 'running')
      AND EXISTS (SELECT FROM going)
      AND (state = 'pending' OR lease_until <= clock_timestamp())
    ORDER BY position, schema_name
    LIMIT least(:most, (
        SELECT greatest(4, 1 + count(*) / :share)  -- what is asked once for a batch should not be asked for one target
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
  AND outcome.stage = free.stage
RETURNING outcome.database_id, outcome.schema_name, outcome.fence, outcome.tenant_id, outcome.stage, outcome.position,
          outcome.fence - outcome.tried_since AS number;

-- renew --
UPDATE outcome SET lease_until = clock_timestamp() + :seconds * interval '1 second'
WHERE execution_id = :execution_id AND database_id = :database_id
  AND lease_holder = :holder AND state = 'running';

-- give_back --
UPDATE outcome SET state = 'pending', lease_until = NULL
WHERE execution_id = :execution_id AND database_id = :database_id
  AND lease_holder = :holder AND state = 'running';

-- write_outcomes --
-- Writes outcomes whose fence still holds, counts them along in wave and execution, and says how many they were and
-- whether more may be claimed.
WITH said AS (
    SELECT * FROM jsonb_to_recordset(CAST(:outcomes AS jsonb)) AS said (
        database_id text, schema_name text, stage integer, fence bigint, state text, from_version text, to_version text,
        applied text[], seconds double precision, sqlstate text, error_message text, script text, line integer,
        statement text, since_rank integer, until_rank integer, fingerprint_before text, fingerprint_after text,
        snapshot text, note text)
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
        since_rank = said.since_rank,
        until_rank = said.until_rank,
        fingerprint_before = coalesce(outcome.fingerprint_before, said.fingerprint_before),
        fingerprint_after = said.fingerprint_after,
        snapshot = coalesce(outcome.snapshot, said.snapshot),
        note = said.note,
        finished_at = clock_timestamp()
    FROM said
    WHERE outcome.execution_id = :execution_id
      AND outcome.database_id = said.database_id
      AND outcome.schema_name = said.schema_name
      AND outcome.stage = said.stage
      AND outcome.fence = said.fence
      AND outcome.state = 'running'
    RETURNING outcome.state, outcome.wave
), counted AS (
    UPDATE wave
    SET done = wave.done + ended.done,
        failed = wave.failed + ended.failed,
        ended_at = CASE WHEN wave.done + wave.failed + ended.done + ended.failed >= wave.total
                        THEN clock_timestamp() END
    FROM (SELECT written.wave, count(*) FILTER (WHERE state = 'done') AS done,
                 count(*) FILTER (WHERE state = 'failed') AS failed
          FROM written
          GROUP BY written.wave) AS ended
    WHERE wave.execution_id = :execution_id AND wave.number = ended.wave
    RETURNING coalesce(wave.failed <= wave.most_failures, true) AS within
)
UPDATE execution
SET done = done + (SELECT count(*) FROM written WHERE state = 'done'),
    failed = failed + (SELECT count(*) FROM written WHERE state = 'failed')
WHERE id = :execution_id
RETURNING (SELECT count(*) FROM written) AS written,
          state = 'running' AND coalesce(failed - forgiven <= most_failures, true)
              AND coalesce(window_closes > clock_timestamp(), true)
              AND coalesce((SELECT bool_and(within) FROM counted), true) AS goes_on;

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
), counted AS (
    UPDATE wave SET failed = failed + (SELECT count(*) FROM free)
    WHERE execution_id = :execution_id AND number = :wave
)
UPDATE execution SET failed = failed + (SELECT count(*) FROM free) WHERE id = :execution_id;
