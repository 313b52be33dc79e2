-- begin --
-- Opens the transaction in which a schema is looked at or held.
BEGIN ISOLATION LEVEL {level} READ WRITE;
SET LOCAL lock_timeout = {lock_timeout};

-- no_writers --
-- Whoever migrates the schema has to write its history before committing. LOCK takes no snapshot, so nothing can be
-- committed between the snapshot of the next statement and the schema's lock that it takes.
LOCK TABLE ONLY {schema}.{history} IN SHARE MODE;

-- lock --
-- The schema's lock, if nobody has it; this session then sits idle while a program works, however long.
SELECT pg_try_advisory_xact_lock({lock}),
       (SELECT count(set_config(name, '0', true))
        FROM pg_settings
        WHERE name IN ('statement_timeout', 'idle_in_transaction_session_timeout', 'transaction_timeout'));

-- export --
-- What pg_dump needs to see the same moment, and what the sidecar says about it. Rows are to be counted all or not at all.
SELECT pg_export_snapshot(),
       now(),
       has_schema_privilege('public', to_regnamespace({schema_name}), 'USAGE'),
       set_config('row_security', 'off', true);

-- tables --
-- The schema's tables, with how many rows the statistics saw inserted, updated and deleted.
SELECT relname,
       oid::bigint,
       pg_stat_get_tuples_inserted(oid) + pg_stat_get_tuples_updated(oid) + pg_stat_get_tuples_deleted(oid)
FROM pg_class
WHERE relnamespace = to_regnamespace({schema_name}) AND relkind = 'r'
ORDER BY relname;

-- count --
SELECT {name}, count(*) FROM ONLY {schema}.{table}

-- extensions --
-- Extensions whose objects are in the schema: they would go aside with it, and pg_dump leaves them out.
SELECT extname FROM pg_extension WHERE extnamespace = to_regnamespace({schema_name}) ORDER BY extname;

-- dependents --
-- What outside of the schema depends on something in it: it would go on depending on what was set aside.
WITH inside AS (
    SELECT 'pg_class'::regclass AS classid, oid AS objid FROM pg_class WHERE relnamespace = to_regnamespace({schema_name})
    UNION ALL
    SELECT 'pg_type'::regclass, oid FROM pg_type WHERE typnamespace = to_regnamespace({schema_name})
    UNION ALL
    SELECT 'pg_proc'::regclass, oid FROM pg_proc WHERE pronamespace = to_regnamespace({schema_name})
    UNION ALL
    SELECT 'pg_operator'::regclass, oid FROM pg_operator WHERE oprnamespace = to_regnamespace({schema_name})
    UNION ALL
    SELECT 'pg_opclass'::regclass, oid FROM pg_opclass WHERE opcnamespace = to_regnamespace({schema_name})
    UNION ALL
    SELECT 'pg_collation'::regclass, oid FROM pg_collation WHERE collnamespace = to_regnamespace({schema_name})
    UNION ALL
    SELECT 'pg_ts_config'::regclass, oid FROM pg_ts_config WHERE cfgnamespace = to_regnamespace({schema_name})
    UNION ALL
    SELECT 'pg_ts_dict'::regclass, oid FROM pg_ts_dict WHERE dictnamespace = to_regnamespace({schema_name})
)
SELECT DISTINCT pg_describe_object(depend.classid, depend.objid, 0) AS dependent,
                pg_describe_object(depend.refclassid, depend.refobjid, 0) AS inner_object
FROM inside
JOIN pg_depend AS depend ON depend.refclassid = inside.classid AND depend.refobjid = inside.objid
CROSS JOIN LATERAL pg_identify_object(depend.classid, depend.objid, 0) AS identity
CROSS JOIN LATERAL pg_identify_object_as_address(depend.classid, depend.objid, 0) AS address
WHERE depend.deptype IN ('n', 'a')
  AND coalesce(identity.schema, address.object_names[1]) IS DISTINCT FROM {schema_text}
ORDER BY dependent, inner_object;

-- set_aside --
-- Gives the schema another name. Whoever writes to its tables is waited for, and whoever wants to write from now on
-- waits, and then finds the restored ones.
DO $migrator$
DECLARE
    found record;
BEGIN
    FOR found IN
        SELECT relname
        FROM pg_class
        WHERE relnamespace = to_regnamespace({schema_name}) AND relkind IN ('r', 'p')
        ORDER BY relname
    LOOP
        EXECUTE format('LOCK TABLE ONLY %I.%I IN ACCESS EXCLUSIVE MODE', {schema_text}, found.relname);
    END LOOP;
END
$migrator$;
ALTER SCHEMA {schema} RENAME TO {aside};
COMMENT ON SCHEMA {aside} IS {note};

-- usable_by_all --
-- pg_dump takes for granted that PUBLIC may use the schema "public", which holds for the one that initdb made.
GRANT USAGE ON SCHEMA {schema} TO PUBLIC;

-- analyze --
-- Not to be sent without names: it would go through the whole database.
ANALYZE {tables};
COMMIT;

-- asides --
-- Schemas that were set aside, by the notes on them.
SELECT nspname, obj_description(oid, 'pg_namespace')
FROM pg_namespace
WHERE obj_description(oid, 'pg_namespace') LIKE 'migrator aside %'
ORDER BY nspname;

-- drop_aside --
DROP SCHEMA {schema} CASCADE;
