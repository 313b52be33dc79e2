-- refuse_targets --
-- Targets that are not touched, with the reason; they have no part in the waves of their execution, or in its budget.
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
