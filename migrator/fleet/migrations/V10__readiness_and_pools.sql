-- Whether a tenant is at a version is asked before a request is served: from the schema's own outcomes, newest first.

CREATE INDEX outcome_ended ON outcome (database_id, schema_name, finished_at DESC) WHERE state IN ('done', 'failed');

ALTER TABLE pool ADD COLUMN short_since timestamptz;
COMMENT ON COLUMN pool.short_since IS 'When upkeep found fewer spares than wanted; null once there are enough.';
