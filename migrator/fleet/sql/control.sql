-- control_version --
-- The newest version that was applied to the control schema.
SELECT version FROM flyway_schema_history WHERE version IS NOT NULL AND success ORDER BY installed_rank DESC LIMIT 1;

-- flush_later --
SET LOCAL synchronous_commit TO off;
