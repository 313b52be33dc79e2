-- control --
-- The version of our tables, and what time it is there, in seconds since the epoch.
SELECT version, CAST(extract(epoch FROM clock_timestamp()) AS double precision) AS moment
FROM flyway_schema_history
WHERE version IS NOT NULL AND success
ORDER BY installed_rank DESC
LIMIT 1;

-- waiting_events --
-- Events that are due and that nobody has taken up.
SELECT count(*) AS waiting,
       coalesce(max(extract(epoch FROM clock_timestamp() - coalesce(scheduled_at, created_at))), 0) AS seconds
FROM event
WHERE status = 'pending' AND coalesce(scheduled_at, created_at) <= clock_timestamp();

-- leases --
-- Claims on targets and slots; forgotten ones ran out a while ago and their execution is at work.
SELECT count(*) FILTER (WHERE outcome.lease_until > clock_timestamp()) AS live,
       count(*) FILTER (WHERE outcome.lease_until <= clock_timestamp()) AS expired,
       count(*) FILTER (WHERE outcome.lease_until <= clock_timestamp() - :patience * interval '1 second'
                          AND execution.state = 'running') AS forgotten
FROM outcome
JOIN execution ON execution.id = outcome.execution_id
WHERE outcome.state = 'running';

-- has_relation --
SELECT to_regclass(:name) IS NOT NULL AS there;

-- beat_age --
SELECT extract(epoch FROM clock_timestamp() - at) AS seconds, by FROM tick WHERE name = 'beat';

-- unsent --
-- Published events that the relay could send now, and for how long the oldest could have been.
SELECT count(*) AS waiting, coalesce(max(extract(epoch FROM clock_timestamp() - due_at)), 0) AS seconds FROM sendable;

-- alerts_open --
SELECT rule, severity, count(*) AS number
FROM alert
WHERE resolved_at IS NULL
GROUP BY rule, severity
ORDER BY rule, severity;
