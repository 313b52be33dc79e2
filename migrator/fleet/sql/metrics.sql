-- executions_by_state --
SELECT kind, state, count(*) AS number FROM execution GROUP BY kind, state ORDER BY kind, state;

-- targets_by_outcome --
-- Those that are done are counted along in the histogram, the others are few.
SELECT scope, database_id, 'done' AS state, count AS number FROM duration
UNION ALL
SELECT scope, database_id, state, count(*) FROM outcome WHERE state IN ('pending', 'running') GROUP BY 1, 2, 3
UNION ALL
SELECT scope, database_id, state, count(*) FROM outcome WHERE state = 'failed' GROUP BY 1, 2, 3
ORDER BY 1, 2, 3;

-- durations --
SELECT scope, database_id, seconds, buckets FROM duration ORDER BY scope, database_id;

-- events_by_status --
-- Those that are not completed.
SELECT type, status, count(*) AS number FROM event WHERE status NOT IN ('completed', 'failed') GROUP BY type, status
UNION ALL
SELECT type, status, count(*) FROM event WHERE status = 'failed' GROUP BY type, status
ORDER BY 1, 2;

-- latencies --
-- Events that were completed after a moment, by bucket. What was completed a while ago will not change any more, since
-- no transaction that ends an event takes so long: is_settled, and settled says up to when.
SELECT type,
       width_bucket(extract(epoch FROM completed_at - greatest(created_at, scheduled_at))::double precision,
                    CAST(:bounds AS double precision[])) AS bucket,
       completed_at <= now() - interval '1 minute' AS is_settled,
       now() - interval '1 minute' AS settled,
       count(*) AS number,
       sum(extract(epoch FROM completed_at - greatest(created_at, scheduled_at))::double precision) AS seconds,
       sum(retry_count) AS retries
FROM event
WHERE status = 'completed' AND (CAST(:after AS timestamptz) IS NULL OR completed_at > :after)
GROUP BY type, bucket, is_settled;

-- tenants_by_database --
SELECT database_id, count(*) AS number
FROM tenant
JOIN database ON database.id = tenant.database_id
WHERE tenant.state = 'active' AND database.state = 'active'
GROUP BY database_id
ORDER BY database_id;
