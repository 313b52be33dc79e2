-- invalid_indexes --
-- Indexes of a schema that PostgreSQL maintains and does not use, because a concurrent build failed or was killed;
-- not those that somebody is building right now. Leftovers of REINDEX CONCURRENTLY have a name that says so.
SELECT names.relname, names.relname ~ '_cc(new|old)[0-9]*$' AS is_leftover
FROM pg_index AS indexes
JOIN pg_class AS names ON names.oid = indexes.indexrelid
WHERE names.relnamespace = to_regnamespace({schema_name})
  AND names.relkind = 'i'
  AND NOT indexes.indisvalid
  AND NOT EXISTS (SELECT FROM pg_stat_progress_create_index AS building WHERE building.relid = indexes.indrelid)
ORDER BY is_leftover DESC, names.relname;

-- rebuild_index --
REINDEX INDEX CONCURRENTLY {schema}.{name};

-- drop_leftover --
DROP INDEX CONCURRENTLY IF EXISTS {schema}.{name};

-- analyzable --
-- Tables and materialized views of a schema; a partitioned table has statistics of its own beside its partitions.
SELECT relname
FROM pg_class
WHERE relnamespace = to_regnamespace({schema_name}) AND relkind IN ('r', 'm', 'p')
ORDER BY relname;

-- analyze_table --
ANALYZE {schema}.{name};

-- patience --
-- For statements outside a transaction. Those that build without stopping anybody wait for old transactions as long as
-- statement_timeout allows; the others give up soon, because all who come later would wait behind them.
SET lock_timeout = {lock_timeout};
SET statement_timeout = {statement_timeout};

-- take_lock --
SELECT pg_try_advisory_lock({lock});
