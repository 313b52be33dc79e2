-- claim --
-- Claims free targets of one database: one whose lease ran out, and that one alone, so that it is known what a worker
-- was at when it is lost once more; else those that nobody has. Two lanes never get the same ones, and near the end each
-- takes only its share, so that they end together. Nothing is claimed while the execution is paused, over its failure
-- budget, or outside its window.
WITH going AS (
    SELECT execution.id
    FROM execution
    JOIN wave ON wave.execution_id = execution.id AND wave.number = :wave
    WHERE execution.id = :execution_id
      AND execution.state = 'running'
      AND coalesce(execution.failed - execution.forgiven <= execution.most_failures, true)
      AND coalesce(wave.failed <= wave.most_failures, true)
      AND coalesce(execution.window_closes > clock_timestamp(), true)
), lost AS (
    SELECT execution_id, database_id, schema_name, stage, lease_holder AS taken_from,
           losses || jsonb_build_object('worker', lease_holder, 'at', lease_until, 'alone', together = 1) AS losses
    FROM outcome
    WHERE execution_id = :execution_id AND database_id = :database_id AND wave = :wave
      AND state = 'running' AND lease_until <= clock_timestamp()
      AND EXISTS (SELECT FROM going)
    ORDER BY position, schema_name
    LIMIT 1
    FOR UPDATE SKIP LOCKED
), fresh AS (
    SELECT execution_id, database_id, schema_name, stage, NULL AS taken_from, losses
    FROM outcome
    WHERE execution_id = :execution_id AND database_id = :database_id AND wave = :wave
      AND state = 'pending'
      AND EXISTS (SELECT FROM going)
      AND NOT EXISTS (SELECT FROM lost)
    ORDER BY position, schema_name
    LIMIT least(:most, (
        SELECT greatest(4, 1 + count(*) / :share)  -- what is asked once for a batch should not be asked for one target
        FROM outcome
        WHERE execution_id = :execution_id AND database_id = :database_id AND wave = :wave AND state = 'pending'))
    FOR UPDATE SKIP LOCKED
), free AS (
    SELECT * FROM lost UNION ALL SELECT * FROM fresh
)
UPDATE outcome
SET state = 'running',
    lease_holder = :holder,
    lease_until = clock_timestamp() + :seconds * interval '1 second',
    fence = outcome.fence + 1,
    together = (SELECT count(*) FROM free),
    losses = free.losses
FROM free
WHERE outcome.execution_id = free.execution_id
  AND outcome.database_id = free.database_id
  AND outcome.schema_name = free.schema_name
  AND outcome.stage = free.stage
RETURNING outcome.database_id, outcome.schema_name, outcome.fence, outcome.tenant_id, outcome.stage, outcome.position,
          outcome.tries + 1 AS number, outcome.losses, free.taken_from;

-- renew --
UPDATE outcome SET lease_until = clock_timestamp() + :seconds * interval '1 second'
WHERE execution_id = :execution_id AND database_id = :database_id
  AND lease_holder = :holder AND state = 'running';

-- give_back --
-- Those that were tried are counted: what keeps happening to a target becomes its outcome.
UPDATE outcome
SET state = 'pending', lease_until = NULL,
    tries = tries + (EXISTS (
        SELECT FROM unnest(CAST(:schemas AS text[]), CAST(:stages AS integer[])) AS tried (schema_name, stage)
        WHERE tried.schema_name = outcome.schema_name AND tried.stage = outcome.stage))::integer
WHERE execution_id = :execution_id AND database_id = :database_id
  AND lease_holder = :holder AND state = 'running';

-- lose --
-- Whoever held these claims and slots is gone: they may be taken over at once. A worker that was stopped, and did not
-- die, tells nothing about the targets that it had. Returns the executions that have to be driven on.
WITH slots AS (
    UPDATE lane SET lease_until = clock_timestamp()
    WHERE starts_with(holder, :holders) AND lease_until > clock_timestamp()
), lost AS (
    UPDATE outcome
    SET lease_until = clock_timestamp(), together = CASE WHEN :died THEN together ELSE 0 END
    WHERE state = 'running' AND lease_until > clock_timestamp() AND starts_with(lease_holder, :holders)
    RETURNING execution_id
)
SELECT execution.id, event.type, event.priority
FROM execution
JOIN event USING (id)
WHERE execution.id IN (SELECT execution_id FROM lost);

-- let_go --
-- The execution has ended: what a lost worker left of it is held by nobody any more, and no lane waits.
WITH waits AS (DELETE FROM lane_wait WHERE execution_id = :execution_id)
UPDATE outcome SET state = 'pending', lease_until = NULL
WHERE execution_id = :execution_id AND state = 'running' AND lease_until <= clock_timestamp();

-- write_outcomes --
-- Writes outcomes whose fence still holds, counts them along in wave, execution and the histogram of durations, adds
-- what their migrations cost, and says how many they were and whether more may be claimed.
WITH said AS (
    SELECT * FROM jsonb_to_recordset(CAST(:outcomes AS jsonb)) AS said (
        database_id text, schema_name text, stage integer, fence bigint, state text, from_version text, to_version text,
        applied text[], seconds double precision, sqlstate text, error_message text, script text, line integer,
        statement text, since_rank integer, until_rank integer, fingerprint_before text, fingerprint_after text,
        snapshot text, note text, refused integer, waited double precision)
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
        -- What failed left the schema as it was, and somebody may have mended it since: the try that got through knows best.
        fingerprint_before = CASE said.state
            WHEN 'done' THEN coalesce(said.fingerprint_before, outcome.fingerprint_before)
            ELSE coalesce(outcome.fingerprint_before, said.fingerprint_before)
        END,
        fingerprint_after = said.fingerprint_after,
        snapshot = coalesce(outcome.snapshot, said.snapshot),
        note = said.note,
        refused = outcome.refused + coalesce(said.refused, 0),
        waited = outcome.waited + coalesce(said.waited, 0),
        finished_at = clock_timestamp()
    FROM said
    WHERE outcome.execution_id = :execution_id
      AND outcome.database_id = said.database_id
      AND outcome.schema_name = said.schema_name
      AND outcome.stage = said.stage
      AND outcome.fence = said.fence
      AND outcome.state = 'running'
    RETURNING outcome.state, outcome.wave, outcome.scope, outcome.database_id, outcome.seconds
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
), measured AS (
    INSERT INTO duration AS known (scope, database_id, count, seconds, buckets)
    SELECT scope, database_id, count(*), sum(seconds), (
        SELECT array_agg((SELECT count(*) FROM written AS one
                          WHERE one.scope = written.scope AND one.database_id = written.database_id
                            AND one.state = 'done' AND width_bucket(one.seconds, CAST(:bounds AS double precision[])) = number)
                         ORDER BY number)
        FROM generate_series(0, cardinality(CAST(:bounds AS double precision[]))) AS number)
    FROM written
    WHERE state = 'done' AND seconds IS NOT NULL
    GROUP BY scope, database_id
    ON CONFLICT (scope, database_id) DO UPDATE
    SET count = known.count + excluded.count,
        seconds = known.seconds + excluded.seconds,
        buckets = (SELECT array_agg(coalesce(a, 0) + coalesce(b, 0) ORDER BY number)
                   FROM unnest(known.buckets, excluded.buckets) WITH ORDINALITY AS both_ones (a, b, number))
), summed AS (
    INSERT INTO performance AS known (execution_id, database_id, script, count, seconds, least, most, buckets, rows, wal)
    SELECT :execution_id, cost.*
    FROM jsonb_to_recordset(CAST(:costs AS jsonb))
        AS cost (database_id text, script text, count integer, seconds double precision, least double precision,
                 most double precision, buckets integer[], rows bigint, wal bigint)
    ORDER BY database_id, script
    ON CONFLICT (execution_id, database_id, script) DO UPDATE
    SET count = known.count + excluded.count,
        seconds = known.seconds + excluded.seconds,
        least = least(known.least, excluded.least),
        most = greatest(known.most, excluded.most),
        buckets = (SELECT array_agg(a + b ORDER BY number)
                   FROM unnest(known.buckets, excluded.buckets) WITH ORDINALITY AS both_ones (a, b, number)),
        rows = coalesce(known.rows + excluded.rows, known.rows, excluded.rows),
        wal = coalesce(known.wal + excluded.wal, known.wal, excluded.wal)
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
    UPDATE wave
    SET failed = failed + (SELECT count(*) FROM free),
        ended_at = CASE WHEN done + failed + (SELECT count(*) FROM free) >= total THEN clock_timestamp() END
    WHERE execution_id = :execution_id AND number = :wave
)
UPDATE execution SET failed = failed + (SELECT count(*) FROM free) WHERE id = :execution_id;
