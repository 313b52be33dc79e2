-- targets_in_order --
-- The targets of an execution in an order that does not change, whatever waves they are put in.
SELECT database_id, schema_name, tenant_id, wave, stage
FROM outcome
WHERE execution_id = :id
ORDER BY database_id, schema_name, stage;

-- cells --
-- A letter for each target of an execution, in the order of its targets: waiting, running, done, current, failed. Done
-- with nothing applied is current where something could have been.
SELECT coalesce(string_agg(
           CASE outcome.state
               WHEN 'pending' THEN 'w'
               WHEN 'running' THEN 'r'
               WHEN 'failed' THEN 'f'
               ELSE CASE WHEN execution.kind = 'migrate' AND applied = '{}' THEN 'c' ELSE 'd' END
           END, '' ORDER BY database_id, schema_name, stage), '') AS cells,
       count(*) FILTER (WHERE outcome.finished_at > clock_timestamp() - :seconds * interval '1 second') AS recent,
       min(outcome.finished_at) AS first_at,
       max(outcome.finished_at) AS last_at
FROM execution
LEFT JOIN outcome ON outcome.execution_id = execution.id
WHERE execution.id = :id;

-- one_outcome --
SELECT * FROM outcome
WHERE execution_id = :id AND database_id = :database_id AND schema_name = :schema_name AND stage = :stage;

-- running_databases --
-- The databases on which somebody is at work for an execution.
SELECT database_id, count(*) AS running
FROM outcome
WHERE execution_id = :id AND state = 'running' AND lease_until > clock_timestamp()
GROUP BY database_id
ORDER BY database_id;

-- pace_of_ends --
-- How many targets ended in each of equal spans of an execution's time, from its first end to its last; as many spans as
-- seconds, up to a limit.
WITH ends AS (
    SELECT min(finished_at) AS first_at, extract(epoch FROM max(finished_at) - min(finished_at)) AS seconds
    FROM outcome
    WHERE execution_id = :id
), span AS (
    SELECT *, CAST(least(greatest(floor(seconds), 1), :most) AS integer) AS spans FROM ends
)
SELECT least(CAST(floor(extract(epoch FROM outcome.finished_at - span.first_at) / span.seconds * span.spans) AS integer),
             span.spans - 1) AS at,
       count(*) FILTER (WHERE outcome.state = 'done') AS done,
       count(*) FILTER (WHERE outcome.state = 'failed') AS failed,
       span.seconds, span.spans, span.first_at
FROM outcome
CROSS JOIN span
WHERE outcome.execution_id = :id AND outcome.finished_at IS NOT NULL AND span.seconds > 0
GROUP BY 1, span.seconds, span.spans, span.first_at
ORDER BY 1;
