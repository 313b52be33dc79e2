-- stamps --
-- Which transactions wrote what is in each schema's catalog, its history table left out: equal as long as nobody has changed it.
-- An object hangs on its schema in pg_depend, which has the index for that question; pg_class has none.
SELECT space.nspname, ({stamp}) AS stamp
FROM pg_namespace AS space
WHERE space.nspname = ANY ({schemas}::name[]);

-- stamp --
WITH relations AS MATERIALIZED (
    SELECT relation.oid, relation.xmin
    FROM pg_depend AS member
    JOIN pg_class AS relation ON relation.oid = member.objid
    WHERE member.refclassid = 'pg_namespace'::regclass AND member.refobjid = space.oid
      AND member.classid = 'pg_class'::regclass AND relation.relname <> {history_text}
), parts (written) AS (
    SELECT xmin FROM relations
    UNION ALL
    SELECT part.xmin FROM relations JOIN pg_attribute AS part ON part.attrelid = relations.oid AND part.attnum > 0
    UNION ALL
    SELECT part.xmin FROM relations JOIN pg_attrdef AS part ON part.adrelid = relations.oid
    UNION ALL
    SELECT part.xmin FROM relations JOIN pg_constraint AS part ON part.conrelid = relations.oid
    UNION ALL
    SELECT part.xmin FROM relations JOIN pg_index AS part ON part.indrelid = relations.oid
    UNION ALL
    SELECT part.xmin FROM relations JOIN pg_trigger AS part ON part.tgrelid = relations.oid
    UNION ALL
    SELECT part.xmin FROM relations JOIN pg_rewrite AS part ON part.ev_class = relations.oid
    UNION ALL
    SELECT part.xmin FROM relations JOIN pg_policy AS part ON part.polrelid = relations.oid
    UNION ALL
    SELECT part.xmin
    FROM pg_depend AS member JOIN pg_proc AS part ON part.oid = member.objid
    WHERE member.refclassid = 'pg_namespace'::regclass AND member.refobjid = space.oid
      AND member.classid = 'pg_proc'::regclass
    UNION ALL
    SELECT part.xmin
    FROM pg_depend AS member JOIN pg_type AS part ON part.oid = member.objid
    WHERE member.refclassid = 'pg_namespace'::regclass AND member.refobjid = space.oid
      AND member.classid = 'pg_type'::regclass
)
SELECT space.xmin || '.' || count(*) || '.' || coalesce(sum(written::text::bigint), 0) FROM parts

-- rename --
-- Gives a spare to a tenant, if it is still what the control database says; in one round trip. Takes both schemas' locks, so that
-- neither is migrated meanwhile. What comes before the settings clears what an earlier statement may have left.
RESET ALL;
BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE;
SET LOCAL lock_timeout = {lock_timeout};
SET LOCAL statement_timeout = {statement_timeout};
DO $migrator$
DECLARE
    stamped text;
BEGIN
    IF NOT (pg_try_advisory_xact_lock({lock}) AND pg_try_advisory_xact_lock({spare_lock})) THEN
        RAISE EXCEPTION 'it is locked by another session' USING ERRCODE = 'MG001';
    END IF;
    SELECT ({stamp}) INTO stamped FROM pg_namespace AS space WHERE space.nspname = {spare_text};
    IF stamped IS NULL THEN
        RAISE EXCEPTION 'it is not there any more' USING ERRCODE = 'MG002';
    END IF;
    IF stamped <> {wanted} THEN
        RAISE EXCEPTION 'somebody has changed it since it was verified' USING ERRCODE = 'MG003';
    END IF;
    IF NOT obj_description(to_regclass({spare_history_name}), 'pg_class') ^@ 'migrator '
        OR substr(obj_description(to_regclass({spare_history_name}), 'pg_class'), 10)::jsonb ->> 'digest'
            IS DISTINCT FROM {digest}
    THEN
        RAISE EXCEPTION 'its mark is not that of the state it should have' USING ERRCODE = 'MG003';
    END IF;
END
$migrator$;
ALTER SCHEMA {spare} RENAME TO {schema};
COMMENT ON TABLE {schema}.{history} IS {mark};
COMMIT;
