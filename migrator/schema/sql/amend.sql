-- add --
-- History rows for what nobody ran just now; their ranks are given, because the schema's lock is held.
INSERT INTO {schema}.{history}
    (installed_rank, version, description, type, script, checksum, installed_by, execution_time, success)
SELECT added.installed_rank::integer,
       added.version,
       added.description,
       added.type,
       added.script,
       added.checksum::integer,  -- a column of nulls alone would be text
       session_user,
       0,
       true
FROM (VALUES {rows}) AS added (installed_rank, version, description, type, script, checksum);

-- realign --
-- What the folder says about rows that stay where they are.
UPDATE {schema}.{history} AS applied
SET description = folder.description,
    type = folder.type,
    checksum = folder.checksum::integer
FROM (VALUES {rows}) AS folder (installed_rank, description, type, checksum)
WHERE applied.installed_rank = folder.installed_rank;

-- tables_of_tools --
-- Which of the named tables a schema has, each with its columns.
SELECT tables.relname, array_agg(columns.attname::text)
FROM pg_class AS tables
JOIN pg_attribute AS columns ON columns.attrelid = tables.oid AND columns.attnum > 0 AND NOT columns.attisdropped
WHERE tables.relnamespace = to_regnamespace({schema_name})
  AND tables.relkind IN ('r', 'p')
  AND tables.relname = ANY ({names})
GROUP BY tables.relname;

-- foreign --
-- What another tool has written into its table.
SELECT {columns} FROM {schema}.{table} ORDER BY 1;

-- forget --
DELETE FROM {schema}.{history} WHERE installed_rank IN ({ranks});
