-- control_version --
-- The newest version that was applied to the control schema.
SELECT version FROM flyway_schema_history WHERE version IS NOT NULL AND success ORDER BY installed_rank DESC LIMIT 1;

-- flush_later --
-- The transaction's commit does not wait for the disk, only the next one's that does: for what is done again when a crash
-- of the server has lost it.
SET LOCAL synchronous_commit TO off;
