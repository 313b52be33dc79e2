-- newcomer_facts --
-- What is known of a new tenant, its database and its event when it comes.
SELECT database.*, EXISTS (SELECT FROM execution WHERE id = :event_id) AS is_open,
       EXISTS (SELECT FROM tenant WHERE id = :tenant_id AND xmin = CAST(pg_current_xact_id() AS xid)) AS is_fresh
FROM (SELECT) AS one
LEFT JOIN database ON database.id = :database_id AND database.state = 'active';

-- newcomer_begun --
-- What was claimed for it; nothing where the outcome is not its claimer's. The spare and the slot are null where there was none.
SELECT spare.*, lane.slot, outcome.schema_name AS schema, outcome.tenant_id, outcome.fence,
       outcome.stage, outcome.tries + 1 AS number,
       EXISTS (
           SELECT
           FROM outcome AS other
           JOIN execution AS another ON another.id = other.execution_id
           WHERE other.database_id = outcome.database_id AND other.schema_name = outcome.schema_name
             AND other.execution_id <> outcome.execution_id AND other.state IN ('pending', 'running')
             AND another.finished_at IS NULL
             AND NOT (another.state = 'planned' AND coalesce(another.due_at > clock_timestamp(), false))) AS is_busy
FROM outcome
LEFT JOIN spare ON spare.database_id = outcome.database_id AND spare.state = 'taken'
    AND spare.holder = outcome.execution_id
LEFT JOIN lane ON lane.database_id = outcome.database_id AND lane.holder = outcome.lease_holder
WHERE outcome.execution_id = :id AND outcome.lease_holder = :holder AND outcome.state = 'running';

-- newcomer_ended --
-- Closes its execution when nothing is left to do in it and nothing failed; nothing when there is.
UPDATE execution
SET state = 'completed', finished_at = clock_timestamp(), driven_at = clock_timestamp()
FROM event
WHERE execution.id = :id AND event.id = execution.id AND execution.state = 'running'
  AND execution.total = 1 AND execution.done = 1 AND execution.failed = 0
RETURNING execution.*, event.type, extract(epoch FROM execution.finished_at - event.created_at) AS seconds;
