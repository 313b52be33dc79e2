-- gate --
-- Where an execution stands before a database: whether there is anything to claim, and the last look.
SELECT execution.kind,
       coalesce(CAST(execution.options ->> 'force' AS boolean), false) AS is_forced,
       execution.state = 'running' AND EXISTS (
           SELECT FROM outcome
           WHERE outcome.execution_id = execution.id AND database_id = :database_id AND outcome.wave = :wave
             AND (outcome.state = 'pending' OR outcome.state = 'running' AND lease_until <= clock_timestamp()))
           AS has_free,
       look.checks,
       extract(epoch FROM clock_timestamp() - look.checked_at) AS age,
       extract(epoch FROM clock_timestamp() - look.stopped_since) AS stopped
FROM execution
LEFT JOIN preflight AS look ON look.execution_id = execution.id AND look.database_id = :database_id
WHERE execution.id = :execution_id;

-- lock_look --
-- Locks the last look until the transaction ends; a first one is made. Who waits here meanwhile finds a fresh one; one
-- that takes longer, because the database does not answer, is not worth waiting for.
SET LOCAL lock_timeout = '1s';
INSERT INTO preflight AS look (execution_id, database_id, wave, verdict, checked_at)
VALUES (:execution_id, :database_id, :wave, 'ok', 'epoch')
ON CONFLICT (execution_id, database_id) DO UPDATE SET wave = look.wave
RETURNING look.checks,
          extract(epoch FROM clock_timestamp() - look.checked_at) AS age,
          extract(epoch FROM clock_timestamp() - look.stopped_since) AS stopped;

-- record_look --
-- A stop goes on while the same wave is looked at again in time; else it is a new one.
UPDATE preflight AS look
SET wave = :wave,
    verdict = :verdict,
    checks = CAST(:checks AS jsonb),
    noticed = look.noticed || CAST(:noticed AS jsonb),
    stopped_since = CASE
        WHEN NOT :is_stopped THEN NULL
        WHEN look.wave = :wave AND look.checked_at > clock_timestamp() - :gap * interval '1 second'
            THEN coalesce(look.stopped_since, clock_timestamp())
        ELSE clock_timestamp()
    END,
    checked_at = clock_timestamp()
WHERE execution_id = :execution_id AND database_id = :database_id
RETURNING extract(epoch FROM clock_timestamp() - look.stopped_since) AS stopped;

-- free_schemas --
-- The schemas that come next on a database.
SELECT schema_name
FROM outcome
WHERE execution_id = :execution_id AND database_id = :database_id AND wave = :wave
  AND (state = 'pending' OR state = 'running' AND lease_until <= clock_timestamp())
ORDER BY position, schema_name
LIMIT :most;

-- noticed --
-- What preflight told on the databases of an execution.
SELECT database_id, noticed, stopped_since IS NOT NULL AS is_stopped
FROM preflight
WHERE execution_id = :id AND noticed <> '{}'
ORDER BY database_id;
