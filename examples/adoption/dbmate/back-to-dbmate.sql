-- What dbmate would have in its table, from the history: versions whose last row is not that of a rollback.
SET search_path TO :"schema";
CREATE TABLE IF NOT EXISTS schema_migrations (version varchar NOT NULL PRIMARY KEY);
CREATE TEMPORARY TABLE applied ON COMMIT DROP AS
    SELECT DISTINCT ON (version) version, type
    FROM flyway_schema_history
    WHERE success AND version IS NOT NULL
    ORDER BY version, installed_rank DESC;
DELETE FROM schema_migrations WHERE version NOT IN (SELECT version FROM applied WHERE type = 'SQL');
INSERT INTO schema_migrations (version) SELECT version FROM applied WHERE type = 'SQL' ON CONFLICT DO NOTHING;
