-- readiness --
-- The last that is known of a tenant's version: the newest execution that ended well in its schema, or that takes it back
-- and has not ended well. Looking at a history tells its version too. Walks the executions from the newest, with a look at
-- a primary key for each, and stops at the first that has the schema.
SELECT tenant.state = 'active' AND database.state = 'active' AS is_active,
       last.execution_id, last.kind, last.state, last.to_version, last.finished_at
FROM tenant
JOIN database ON database.id = tenant.database_id
LEFT JOIN LATERAL (
    SELECT execution.id AS execution_id, execution.kind, found.state, found.to_version, found.finished_at
    FROM execution
    CROSS JOIN LATERAL (
        SELECT outcome.state, outcome.to_version, outcome.finished_at
        FROM outcome
        WHERE outcome.execution_id = execution.id
          AND outcome.database_id = tenant.database_id
          AND outcome.schema_name = tenant.schema_name
          AND (outcome.state = 'done' OR execution.kind = 'rollback' AND outcome.state IN ('running', 'failed'))
        ORDER BY outcome.state <> 'done' DESC, outcome.stage DESC
        LIMIT 1) AS found
    WHERE execution.kind IN ('migrate', 'rollback', 'validate')
    ORDER BY execution.created_at DESC
    LIMIT 1) AS last ON true
WHERE tenant.id = :tenant;
