-- dead_letter_causes --
-- Events that failed lately: those with an execution one by one, the others by type and error. Halted executions and
-- rollbacks have rules of their own; what an operator called off or cancelled is no failure.
SELECT dead.type, dead.error, dead.execution_id, count(*) AS number, max(dead.completed_at) AS last_at,
       (array_agg(dead.id ORDER BY dead.completed_at DESC))[1:10] AS ids,
       (array_agg(dead.error_message ORDER BY dead.completed_at DESC))[1] AS reason
FROM (
    SELECT event.id, event.type, coalesce(event.metadata ->> 'error', '') AS error, event.completed_at,
           event.error_message, execution.id AS execution_id
    FROM event
    LEFT JOIN execution ON execution.id = event.id
    WHERE event.status = 'failed'
      AND event.completed_at > clock_timestamp() - :within * interval '1 second'
      AND coalesce(event.metadata ->> 'error', '') <> 'CalledOff'
      AND (execution.id IS NULL AND event.type <> 'rollback.requested'
           OR execution.state = 'failed' AND execution.kind <> 'rollback'
              AND NOT (execution.kind = 'drift' AND execution.failed = 0))) AS dead
GROUP BY dead.type, dead.error, dead.execution_id
ORDER BY max(dead.completed_at);

-- halted_causes --
SELECT id, kind, wave, waves, total, done, failed, reason, finished_at AS at
FROM execution
WHERE state = 'halted' AND kind <> 'rollback' AND finished_at > clock_timestamp() - :within * interval '1 second'
ORDER BY finished_at;

-- rollback_causes --
-- Of each execution the last rollback, when that came to a bad end; and those that failed before they had a plan.
SELECT execution.id, execution.takes_back, execution.state, execution.total, execution.done, execution.failed,
       event.error_message AS reason, execution.finished_at AS at
FROM execution
JOIN event USING (id)
JOIN execution AS meant ON meant.id = execution.takes_back
WHERE execution.kind = 'rollback' AND execution.state IN ('halted', 'failed') AND meant.state <> 'rolled_back'
  AND execution.finished_at > clock_timestamp() - :within * interval '1 second'
  AND NOT EXISTS (SELECT FROM execution AS later
                  WHERE later.takes_back = execution.takes_back AND later.created_at > execution.created_at)
UNION ALL
SELECT event.id, event.payload ->> 'execution_id', 'failed', 0, 0, 0, event.error_message, event.completed_at
FROM event
WHERE event.type = 'rollback.requested' AND event.status = 'failed'
  AND coalesce(event.metadata ->> 'error', '') <> 'CalledOff'
  AND event.completed_at > clock_timestamp() - :within * interval '1 second'
  AND NOT EXISTS (SELECT FROM execution WHERE execution.id = event.id)
  AND NOT EXISTS (SELECT FROM execution AS later
                  WHERE later.takes_back = event.payload ->> 'execution_id' AND later.created_at > event.created_at)
ORDER BY at;

-- open_causes --
-- Executions that have not ended: since when nothing came of them, and what may be the reason. A database explains its
-- free targets by a breaker that is not closed, or by preflight that said stop a moment ago.
SELECT execution.id, execution.kind, execution.state, execution.wave, execution.waves, execution.total, execution.done,
       execution.failed, execution.forgiven, execution.most_failures, execution.waits_for,
       this.failed AS wave_failed, this.most_failures AS wave_most,
       counted.left, counted.held, counted.wave_left, waiting.unexplained,
       coalesce(execution.due_at > clock_timestamp() OR execution.window_closes <= clock_timestamp(), false) AS is_early,
       extract(epoch FROM clock_timestamp() - greatest(execution.created_at, execution.due_at, counted.finished_at,
           sent.at, steered.at)) AS quiet_seconds
FROM execution
LEFT JOIN wave AS this ON this.execution_id = execution.id AND this.number = execution.wave
CROSS JOIN LATERAL (
    SELECT count(*) FILTER (WHERE state IN ('pending', 'running')) AS left,
           count(*) FILTER (WHERE state = 'running' AND lease_until > clock_timestamp()) AS held,
           count(*) FILTER (WHERE state IN ('pending', 'running') AND outcome.wave = execution.wave) AS wave_left,
           max(finished_at) AS finished_at
    FROM outcome
    WHERE outcome.execution_id = execution.id) AS counted
CROSS JOIN LATERAL (SELECT max(sent_at) AS at FROM wave WHERE wave.execution_id = execution.id) AS sent
CROSS JOIN LATERAL (SELECT max(at) AS at FROM action WHERE action.execution_id = execution.id) AS steered
CROSS JOIN LATERAL (
    SELECT array_agg(free.database_id ORDER BY free.database_id) AS unexplained
    FROM (SELECT DISTINCT database_id
          FROM outcome
          WHERE outcome.execution_id = execution.id AND outcome.wave = execution.wave
            AND outcome.state IN ('pending', 'running')) AS free
    WHERE coalesce((SELECT state FROM breaker_change
                    WHERE breaker_change.database_id = free.database_id
                    ORDER BY id DESC
                    LIMIT 1), 'closed') = 'closed'
      AND NOT EXISTS (SELECT FROM preflight
                      WHERE preflight.execution_id = execution.id AND preflight.database_id = free.database_id
                        AND preflight.stopped_since IS NOT NULL
                        AND preflight.checked_at > clock_timestamp() - :fresh * interval '1 second')) AS waiting
WHERE execution.finished_at IS NULL
ORDER BY execution.created_at;

-- breaker_causes --
-- Breakers that are not closed, and since when.
SELECT database.id AS database_id, last.state, last.reason, last.by,
       (SELECT min(at)
        FROM breaker_change
        WHERE breaker_change.database_id = database.id AND id > coalesce(
            (SELECT max(id) FROM breaker_change
             WHERE breaker_change.database_id = database.id AND breaker_change.state = 'closed'), 0)) AS at
FROM database
CROSS JOIN LATERAL (
    SELECT * FROM breaker_change WHERE breaker_change.database_id = database.id ORDER BY id DESC LIMIT 1) AS last
WHERE last.state <> 'closed' AND database.state = 'active'
ORDER BY database.id;

-- drift_causes --
-- Of each database the last execution that looked for drift there, when it found some.
SELECT database.id AS database_id, looked.id, looked.finished_at AS at, count(*) AS number,
       (array_agg(odd ->> 'schema' ORDER BY odd ->> 'schema'))[1:10] AS schemas
FROM database
CROSS JOIN LATERAL (
    SELECT execution.id, execution.finished_at, event.report
    FROM execution
    JOIN event USING (id)
    WHERE execution.kind = 'drift' AND execution.state IN ('completed', 'failed')
      AND execution.finished_at > clock_timestamp() - :within * interval '1 second'
      AND EXISTS (SELECT FROM outcome
                  WHERE outcome.execution_id = execution.id AND outcome.database_id = database.id
                    AND outcome.state = 'done')
    ORDER BY execution.finished_at DESC
    LIMIT 1) AS looked
CROSS JOIN LATERAL jsonb_array_elements(coalesce(looked.report -> 'drifted', '[]')) AS odd
WHERE odd ->> 'database' = database.id
GROUP BY database.id, looked.id, looked.finished_at
ORDER BY database.id;

-- due_causes --
-- Events whose time has come and that nobody takes, by their queue; those that wait for the relay are its own cause.
SELECT priority, count(*) AS number, min(scheduled_at) AS at,
       (array_agg(id ORDER BY scheduled_at))[1] AS id, (array_agg(type ORDER BY scheduled_at))[1] AS type,
       extract(epoch FROM clock_timestamp() - min(scheduled_at)) AS seconds
FROM event
WHERE status = 'pending' AND scheduled_at <= clock_timestamp() AND (position IS NULL OR sent_at IS NOT NULL)
GROUP BY priority
ORDER BY priority;

-- relay_cause --
-- Published events that the relay could send and has not.
SELECT count(*) AS number, min(id) FILTER (WHERE due_at = oldest) AS id,
       extract(epoch FROM clock_timestamp() - min(due_at)) AS seconds
FROM (SELECT id, due_at, min(due_at) OVER () AS oldest FROM sendable) AS waiting
HAVING count(*) > 0;

-- pool_causes --
-- Pools with fewer spares than are wanted, since upkeep found that; or since there were to be none.
SELECT found.*
FROM (
    SELECT database.id AS database_id, coalesce(database.spares, :standard) AS wanted, counted.ready, pool.refusal,
           extract(epoch FROM clock_timestamp()
               - coalesce(pool.short_since, CASE WHEN pool.refusal IS NOT NULL THEN pool.tended_at END)) AS seconds
    FROM database
    JOIN pool ON pool.database_id = database.id
    CROSS JOIN LATERAL (
        SELECT count(*) AS ready FROM spare WHERE spare.database_id = database.id AND spare.state = 'ready') AS counted
    WHERE database.state = 'active' AND database.kind = 'tenant'
      AND counted.ready < coalesce(database.spares, :standard)) AS found
WHERE found.seconds IS NOT NULL
ORDER BY found.database_id;

-- loss_causes --
-- Targets that are not done and on which workers were lost that had nothing else in hand.
SELECT outcome.execution_id, outcome.database_id, outcome.schema_name, outcome.tenant_id, worn.number
FROM outcome
CROSS JOIN LATERAL (
    SELECT count(*) AS number
    FROM jsonb_array_elements(outcome.losses) AS loss
    WHERE CAST(loss ->> 'alone' AS boolean)) AS worn
WHERE outcome.state IN ('pending', 'running') AND outcome.losses <> '[]' AND worn.number >= :least
ORDER BY outcome.execution_id, outcome.database_id, outcome.schema_name
LIMIT 100;
