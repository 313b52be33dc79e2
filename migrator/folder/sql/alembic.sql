-- place --
-- The schema that a revision works in, and whether it has Alembic's table.
SELECT current_schema(),
       EXISTS (SELECT FROM pg_class WHERE relname = %s AND relnamespace = current_schema()::regnamespace);

-- own_patience --
-- In a transaction that a revision gets of its own: the usual patience, which the engine has left in a setting.
SELECT set_config('lock_timeout', coalesce(nullif(current_setting('migrator.lock_timeout', true), ''), '0'), true);

-- is_invalid --
-- A row for an index of that name, in the revision's schema, that a failed concurrent build left.
SELECT format('DROP INDEX CONCURRENTLY %%I.%%I', nspname, relname)
FROM pg_index
JOIN pg_class ON pg_class.oid = indexrelid
JOIN pg_namespace ON pg_namespace.oid = relnamespace
WHERE relname = %s AND nspname = current_schema() AND NOT indisvalid;
