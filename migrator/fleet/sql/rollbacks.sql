-- changed_outcomes --
-- What an execution changed, or may have: targets that are done with something applied, and those that failed.
SELECT outcome.database_id, outcome.schema_name, outcome.scope, outcome.tenant_id, outcome.stage, outcome.state,
       outcome.applied, outcome.since_rank, outcome.until_rank, outcome.fingerprint_before, outcome.snapshot,
       database.labels || coalesce(tenant.labels, '{}') AS labels
FROM outcome
JOIN database ON database.id = outcome.database_id
LEFT JOIN tenant ON tenant.id = outcome.tenant_id
WHERE outcome.execution_id = :id
  AND (outcome.state = 'done' AND cardinality(outcome.applied) > 0 OR outcome.state = 'failed')
  AND (CAST(:database_id AS text) IS NULL OR outcome.database_id = :database_id)
  AND (CAST(:schemas AS text[]) IS NULL OR outcome.schema_name = ANY (:schemas))
ORDER BY outcome.stage, outcome.database_id, outcome.schema_name;

-- refuse_targets --
-- Targets of a rollback that are not touched, with the reason; they have no part in its waves or its budget.
WITH refused AS (
    INSERT INTO outcome (execution_id, database_id, schema_name, tenant_id, scope, wave, stage, state, error_message,
                         finished_at)
    SELECT :execution_id, said.database_id, said.schema_name, said.tenant_id, said.scope, 1, said.stage, 'failed',
           said.error_message, clock_timestamp()
    FROM unnest(CAST(:databases AS text[]), CAST(:schemas AS text[]), CAST(:tenants AS text[]), CAST(:scopes AS text[]),
                CAST(:stages AS integer[]), CAST(:reasons AS text[]))
        AS said (database_id, schema_name, tenant_id, scope, stage, error_message)
    ON CONFLICT DO NOTHING
    RETURNING state
)
UPDATE execution
SET total = total + (SELECT count(*) FROM refused),
    failed = failed + (SELECT count(*) FROM refused),
    forgiven = forgiven + (SELECT count(*) FROM refused)
WHERE id = :execution_id;

-- rollbacks --
-- Rollbacks of an execution, newest first.
SELECT execution.id, execution.state, execution.requested_by, execution.created_at, execution.done, execution.failed
FROM execution
WHERE execution.takes_back = :id
ORDER BY execution.created_at DESC;
