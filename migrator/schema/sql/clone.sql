-- begin_clone --
-- Opens the transaction that loads a clone; nobody waits for it.
BEGIN;
SET LOCAL lock_timeout = {lock_timeout};

-- copy_rows --
-- The rows of one table of the schema, history for example; no other rows are in a clone.
INSERT INTO {clone}.{table} SELECT * FROM {schema}.{table};

-- tables_among --
-- Which of these tables a schema has.
SELECT relname
FROM pg_class
WHERE relnamespace = to_regnamespace({schema_name}) AND relkind = 'r' AND relname = ANY ({tables}::text[]);

-- sizes --
-- How many bytes the tables, indexes and other relations of each schema have on disk.
SELECT namespaces.nspname, coalesce(sum(pg_total_relation_size(relations.oid)), 0)::bigint
FROM pg_namespace AS namespaces
LEFT JOIN pg_class AS relations ON relations.relnamespace = namespaces.oid AND relations.relkind IN ('r', 'm', 'S')
WHERE namespaces.nspname = ANY ({schemas}::text[])
GROUP BY namespaces.nspname;

-- held --
-- The locks of this transaction on relations that are not PostgreSQL's own: schema, relation and mode; without names
-- where this transaction dropped the relation. Reading stops only what drops a table or writes it anew, so its lock is
-- left out.
SELECT namespaces.nspname, locks.relation::bigint, relations.relname, locks.mode
FROM pg_locks AS locks
LEFT JOIN pg_class AS relations ON relations.oid = locks.relation
LEFT JOIN pg_namespace AS namespaces ON namespaces.oid = relations.relnamespace
WHERE locks.pid = pg_backend_pid()
  AND locks.locktype = 'relation'
  AND locks.database = (SELECT oid FROM pg_database WHERE datname = current_database())
  AND locks.mode <> 'AccessShareLock'
  AND (namespaces.nspname IS NULL OR namespaces.nspname NOT IN ('pg_catalog', 'information_schema')
       AND namespaces.nspname !~ '^pg_(temp|toast)')
ORDER BY namespaces.nspname, relations.relname, locks.mode;

-- files --
-- The tables and materialized views of a schema, by the file in which their rows are.
SELECT oid::bigint, relname, pg_relation_filenode(oid)::bigint
FROM pg_class
WHERE relnamespace = to_regnamespace({schema_name}) AND relkind IN ('r', 'm');

-- relations --
-- What has a lock of its own in some schemas: tables, indexes, views, sequences.
SELECT relations.oid::bigint, namespaces.nspname, relations.relname
FROM pg_class AS relations
JOIN pg_namespace AS namespaces ON namespaces.oid = relations.relnamespace
WHERE namespaces.nspname = ANY ({schemas}::text[]);
