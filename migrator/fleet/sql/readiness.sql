-- readiness --
-- The last that is known of a tenant's version: the newest execution that ended well in its schema, or that takes it back
-- and has not ended well. Looking at a history tells its version too. Reads the schema's own outcomes from the newest one
-- back, and stops at the first that tells something.
SELECT tenant.state = 'active' AND database.state = 'active' AS is_active,
       last.execution_id, last.kind, last.state, last.to_version, last.finished_at
FROM tenant
JOIN database ON database.id = tenant.database_id
LEFT JOIN LATERAL (
    SELECT * FROM (
        (SELECT execution.id AS execution_id, execution.kind, outcome.state, outcome.to_version, outcome.finished_at
         FROM outcome
         JOIN execution ON execution.id = outcome.execution_id
         WHERE outcome.database_id = tenant.database_id AND outcome.schema_name = tenant.schema_name
           AND outcome.state = 'running' AND execution.kind = 'rollback'
         LIMIT 1)
        UNION ALL
        (SELECT execution.id, execution.kind, outcome.state, outcome.to_version, outcome.finished_at
         FROM outcome
         JOIN execution ON execution.id = outcome.execution_id
         WHERE outcome.database_id = tenant.database_id AND outcome.schema_name = tenant.schema_name
           AND outcome.state IN ('done', 'failed')
           AND (outcome.state = 'done' OR execution.kind = 'rollback')
           AND execution.kind IN ('migrate', 'rollback', 'validate')
         ORDER BY outcome.finished_at DESC
         LIMIT 1)) AS known
    ORDER BY state = 'running' DESC
    LIMIT 1) AS last ON true
WHERE tenant.id = :tenant;
