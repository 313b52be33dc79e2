-- roster --
-- Every target that there is or was: the tenants, and the databases that are a target by themselves.
SELECT database.id AS database_id, tenant.schema_name, 'tenant' AS scope, tenant.id AS tenant_id, tenant.slug,
       coalesce(tenant.region, database.region, '') AS region, database.labels || tenant.labels AS labels,
       tenant.state = 'active' AND database.state = 'active' AS is_active
FROM tenant
JOIN database ON database.id = tenant.database_id
UNION ALL
SELECT id, :own_schema, CASE kind WHEN 'admin' THEN 'admin' ELSE 'regional' END, NULL, name, coalesce(region, ''), labels,
       state = 'active'
FROM database
WHERE kind <> 'tenant'
ORDER BY 1, 2, 4;

-- roster_stamp --
-- Another text whenever the roster is another one, and the time.
SELECT (SELECT count(*) FROM tenant) || ' ' || coalesce((SELECT max(updated_at) FROM tenant), 'epoch') || ' '
       || (SELECT count(*) FROM database) || ' ' || coalesce((SELECT max(updated_at) FROM database), 'epoch') AS stamp,
       clock_timestamp() AS now;

-- moving_executions --
-- Executions that change targets and have not ended, or not long ago.
SELECT id
FROM execution
WHERE kind IN ('migrate', 'rollback')
  AND (finished_at IS NULL OR finished_at > clock_timestamp() - :seconds * interval '1 second');

-- recent_executions --
SELECT id FROM execution WHERE kind IN ('migrate', 'rollback') ORDER BY created_at DESC LIMIT :most;

-- latest_outcomes --
-- What became of the targets of some executions, the oldest execution first; since a moment: only what may have changed.
SELECT outcome.database_id, outcome.schema_name, outcome.state, outcome.to_version, outcome.sqlstate,
       outcome.error_message, outcome.refused, outcome.finished_at, execution.id AS execution_id, execution.kind,
       execution.finished_at IS NULL AS is_open
FROM execution
JOIN outcome ON outcome.execution_id = execution.id
WHERE execution.id = ANY (CAST(:ids AS text[]))
  AND (CAST(:since AS timestamptz) IS NULL OR outcome.finished_at > :since OR outcome.state = 'running'
       OR outcome.state = 'pending' AND outcome.refused > 0)
ORDER BY execution.created_at, outcome.stage;

-- drift_executions --
-- The last executions that looked for drift and have ended, newest first.
SELECT id, finished_at FROM execution
WHERE kind = 'drift' AND finished_at IS NOT NULL
ORDER BY created_at DESC
LIMIT :most;
