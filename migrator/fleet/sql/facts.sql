-- tenant_facts --
SELECT tenant.*, database.state AS database_state
FROM tenant
JOIN database ON database.id = tenant.database_id
WHERE tenant.id = :tenant;

-- outcomes_of_target --
-- Walks the executions from the newest, with a look at a primary key for each.
SELECT outcome.*, execution.kind, execution.state AS execution_state, execution.reason AS execution_reason,
       execution.requested_by, execution.waits_for, execution.due_at, execution.window_closes, execution.created_at,
       execution.wave AS execution_wave, execution.waves AS execution_waves, execution.takes_back,
       preflight.stopped_since, preflight.checks
FROM execution
JOIN outcome ON outcome.execution_id = execution.id
            AND outcome.database_id = :database AND outcome.schema_name = :schema
LEFT JOIN preflight ON preflight.execution_id = execution.id AND preflight.database_id = outcome.database_id
ORDER BY execution.created_at DESC, outcome.stage DESC
LIMIT :most;

-- count_tenants --
SELECT count(*) AS tenants FROM tenant WHERE database_id = :database AND state = 'active';

-- breaker_of_database --
SELECT * FROM breaker_change WHERE database_id = :database ORDER BY id DESC LIMIT 1;

-- pace_of_database --
SELECT lanes, budget, reason, decided_at FROM pace WHERE database_id = :database;

-- at_work_in_database --
SELECT execution.id, execution.state, execution.kind,
       count(*) FILTER (WHERE outcome.state = 'pending') AS waiting,
       count(*) FILTER (WHERE outcome.state = 'running') AS running
FROM outcome
JOIN execution ON execution.id = outcome.execution_id
WHERE outcome.database_id = :database
  AND outcome.state IN ('pending', 'running')
  AND execution.finished_at IS NULL
GROUP BY execution.id
ORDER BY execution.created_at;

-- names_of_databases --
SELECT id FROM database WHERE state = 'active' ORDER BY id LIMIT :most;

-- names_of_tenants --
SELECT id FROM tenant WHERE state = 'active' ORDER BY id LIMIT :most;

-- maintenance_events --
SELECT event.id, event.status, event.payload, event.scheduled_at, event.created_at, event.triggered_by,
       event.error_message, execution.state AS execution_state
FROM event
LEFT JOIN execution ON execution.id = event.id
WHERE event.type = 'maintenance.scheduled'
ORDER BY event.created_at DESC
LIMIT :most;
