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

-- rollbacks --
-- Rollbacks of an execution, newest first.
SELECT execution.id, execution.state, execution.requested_by, execution.created_at, execution.done, execution.failed
FROM execution
WHERE execution.takes_back = :id
ORDER BY execution.created_at DESC;
