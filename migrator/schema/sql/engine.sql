-- enter --
-- Opens the transaction of one target: takes the schema's lock or raises MG001, makes schema and history where
-- they are missing, and reads mark and history. One round trip; what comes before the settings clears what an earlier script may have left.
RESET ALL;
RESET SESSION AUTHORIZATION;
BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE;
CLOSE ALL;
DEALLOCATE ALL;
DISCARD TEMP;
SELECT pg_advisory_unlock_all();
SET LOCAL lock_timeout = {lock_timeout};
SET LOCAL statement_timeout = {statement_timeout};
DO $migrator$
BEGIN
    IF NOT pg_try_advisory_xact_lock({lock}) THEN
        RAISE EXCEPTION 'schema is locked' USING ERRCODE = 'MG001';
    END IF;
    IF to_regclass({history_name}) IS NULL THEN
        IF to_regnamespace({schema_name}) IS NULL THEN  -- IF NOT EXISTS would ask for rights even when it exists
            CREATE SCHEMA {schema};
        END IF;
        CREATE TABLE {schema}.{history} (
            installed_rank integer NOT NULL,
            version varchar(50),
            description varchar(200) NOT NULL,
            type varchar(20) NOT NULL,
            script varchar(1000) NOT NULL,
            checksum integer,
            installed_by varchar(100) NOT NULL,
            installed_on timestamp NOT NULL DEFAULT now(),
            execution_time integer NOT NULL,
            success boolean NOT NULL,
            CONSTRAINT {history_pk} PRIMARY KEY (installed_rank)
        );
        CREATE INDEX {history_index} ON {schema}.{history} (success);
    END IF;
END
$migrator$;
SELECT comments.description AS mark,
       installed_rank, version, past.description, type, script, checksum, success
FROM (SELECT) AS always
LEFT JOIN {schema}.{history} AS past ON true
LEFT JOIN pg_description AS comments
    ON comments.objoid = {history_name}::regclass AND comments.classoid = 'pg_class'::regclass AND comments.objsubid = 0;

-- read --
-- History and mark of one target; nothing is made or locked. No rows at all when there is no such table.
SELECT comments.description AS mark,
       installed_rank, version, past.description, type, script, checksum, success
FROM (SELECT) AS always
LEFT JOIN {schema}.{history} AS past ON true
LEFT JOIN pg_description AS comments
    ON comments.objoid = {history_name}::regclass AND comments.classoid = 'pg_class'::regclass AND comments.objsubid = 0;

-- chronicle --
SELECT version, script, type, success, installed_on, installed_by FROM {schema}.{history} ORDER BY installed_rank;

-- schema_exists --
SELECT to_regnamespace({schema_name}) IS NOT NULL;

-- exists --
SELECT to_regclass({history_name}) IS NOT NULL;

-- version_table_exists --
SELECT to_regclass({version_table_name}) IS NOT NULL;

-- version_table --
-- What Alembic's table says is applied: the revisions that no other applied one stands on.
SELECT version_num FROM {schema}.{version_table} ORDER BY version_num;

-- path --
-- Where names without a schema lead: first to the target's own schema, then to what all targets share. Kept, with
-- the other settings, for the scripts after the first. Then the first lap.
SET LOCAL search_path TO {search_path};
SELECT set_config('migrator.search_path', current_setting('search_path'), true),
       set_config('migrator.lock_timeout', current_setting('lock_timeout'), true),
       set_config('migrator.statement_timeout', current_setting('statement_timeout'), true),

-- lap --
-- Remembers when a script ended, for execution_time in history; number 0 is the beginning. Counts the rows that this
-- transaction has written to the catalog, to tell afterwards which script changed nothing.
       set_config('migrator.lap_{number}', extract(epoch FROM clock_timestamp())::text, false),{measures}
       set_config('migrator.work_{number}', (
           SELECT sum(pg_stat_get_xact_tuples_inserted(relation) + pg_stat_get_xact_tuples_updated(relation)
                      + pg_stat_get_xact_tuples_deleted(relation))
           FROM unnest('{{1259,1249,1247,1255,2606,2608,2604,2610,2609,2618,2620,2615,3501,1214,3256,826}}'::oid[])
               AS catalogs (relation)
       )::text, false);

-- again --
-- The next script starts with the settings that the first one found, whatever this one has SET.
SELECT set_config('role', 'none', true),
       set_config('search_path', current_setting('migrator.search_path'), true),
       set_config('lock_timeout', current_setting('migrator.lock_timeout'), true),
       set_config('statement_timeout', current_setting('migrator.statement_timeout'), true),

-- measures --
-- How far the server's log is.
       set_config('migrator.wal_{number}', pg_current_wal_insert_lsn()::text, false),

-- rows --
-- How many rows this transaction has written so far, in the tables that it holds a lock on.
SELECT set_config('migrator.rows_{number}', (
    SELECT coalesce(sum(pg_stat_get_xact_tuples_inserted(relation) + pg_stat_get_xact_tuples_updated(relation)
                        + pg_stat_get_xact_tuples_deleted(relation)), 0)
    FROM (SELECT DISTINCT relation
          FROM pg_locks
          WHERE pid = pg_backend_pid() AND locktype = 'relation' AND mode <> 'AccessShareLock') AS written
)::text, false);

-- without_effect --
-- Numbers of the scripts between whose laps nothing was written: neither in the catalog nor, where that was counted, in tables.
SELECT number
FROM generate_series(1, {count}) AS number
WHERE current_setting('track_counts')::boolean
  AND nullif(current_setting('migrator.work_' || number, true), '')
      = nullif(current_setting('migrator.work_' || number - 1, true), '')
  AND coalesce(nullif(current_setting('migrator.rows_' || number, true), '')
               = nullif(current_setting('migrator.rows_' || number - 1, true), ''), true);

-- laps --
-- What was remembered at each lap, as it is: the difference of two laps is what the script between them took and wrote.
SELECT number,
       current_setting('migrator.lap_' || number, true),
       current_setting('migrator.wal_' || number, true),
       current_setting('migrator.rows_' || number, true),
       current_setting('migrator.work_' || number, true),
       current_setting('track_counts')
FROM generate_series(0, {count}) AS number;

-- record --
-- Writes the history rows of the scripts that just ran, on top of what is there, and the mark that sums them up.
INSERT INTO {schema}.{history}
    (installed_rank, version, description, type, script, checksum, installed_by, execution_time, success)
SELECT {rank} + scripts.number,
       scripts.version,
       scripts.description,
       scripts.type,
       scripts.script,
       scripts.checksum::integer,  -- a column of nulls alone would be text
       session_user,
       (current_setting('migrator.lap_' || scripts.number)::numeric
        - current_setting('migrator.lap_' || scripts.number - 1)::numeric) * 1000,
       true
FROM (VALUES {rows}) AS scripts (number, version, description, script, checksum, type);
COMMENT ON TABLE {schema}.{history} IS {mark};

-- row --
({number}, {version}, {description}, {script}, {checksum}, {type})

-- mark --
COMMENT ON TABLE {schema}.{history} IS {mark};

-- hold --
-- The schema's lock for the session, while the transaction that opened the target still holds it.
SELECT pg_advisory_lock({lock});

-- let_go --
SELECT pg_advisory_unlock({lock});

-- holder --
-- Who holds the schema's lock, and since when that session's transaction runs.
SELECT coalesce(nullif(activity.application_name, ''), 'pid ' || locks.pid) AS holder,
       to_char(coalesce(activity.xact_start, activity.backend_start), 'YYYY-MM-DD HH24:MI:SS TZ') AS since
FROM pg_locks AS locks
JOIN pg_stat_activity AS activity USING (pid)
WHERE locks.locktype = 'advisory'
  AND locks.granted
  AND locks.objsubid = 1
  AND locks.database = (SELECT oid FROM pg_database WHERE datname = current_database())
  AND ((locks.classid::bigint << 32) | locks.objid::bigint) = {lock}
LIMIT 1;

-- marks --
-- The marks of all schemas of the database, one query however many there are.
SELECT namespaces.nspname, descriptions.description
FROM pg_class AS tables
JOIN pg_namespace AS namespaces ON namespaces.oid = tables.relnamespace
LEFT JOIN pg_description AS descriptions
    ON descriptions.objoid = tables.oid
    AND descriptions.classoid = 'pg_class'::regclass
    AND descriptions.objsubid = 0
WHERE tables.relname = {history_text}
  AND tables.relkind = 'r';

-- settings_alone --
-- For files that do not run in one transaction. Statements that PostgreSQL refuses inside a transaction get settings
-- for the session: they wait for old transactions to end without stopping anybody, so only statement_timeout limits them.
-- Code that opens a transaction of its own finds the usual patience in migrator.lock_timeout.
SET {scope} search_path TO {search_path};
SET {scope} lock_timeout = {lock_timeout};
SET {scope} statement_timeout = {statement_timeout};
SET {scope} migrator.lock_timeout = {patience};

-- index --
-- Whether an index of that name in the schema is valid; no row when there is none.
SELECT indexes.indisvalid
FROM pg_index AS indexes
JOIN pg_class AS names ON names.oid = indexes.indexrelid
WHERE names.relname = {index_text} AND names.relnamespace = to_regnamespace({schema_name});

-- drop_index --
DROP INDEX CONCURRENTLY {schema}.{index};

-- rebuild_leftovers --
-- Invalid copies that a rebuild has left beside the indexes of the schema's tables, and of what they keep elsewhere.
SELECT spaces.nspname, names.relname
FROM pg_index AS indexes
JOIN pg_class AS names ON names.oid = indexes.indexrelid
JOIN pg_namespace AS spaces ON spaces.oid = names.relnamespace
JOIN pg_class AS tables ON indexes.indrelid IN (tables.oid, tables.reltoastrelid)
WHERE tables.relnamespace = to_regnamespace({schema_name})
  AND NOT indexes.indisvalid
  AND names.relname ~ '_cc(new|old)[0-9]*$'
ORDER BY names.relname;

-- drop_copy --
DROP INDEX CONCURRENTLY {copy};

-- detachment --
-- Whether a partition waits for its detachment to be finished; null when it is none of that table's, no row when one
-- of them is not there.
SELECT inherits.inhdetachpending
FROM pg_class AS parents
CROSS JOIN pg_class AS tables
LEFT JOIN pg_inherits AS inherits ON inherits.inhrelid = tables.oid AND inherits.inhparent = parents.oid
WHERE parents.oid = to_regclass({parent}) AND tables.oid = to_regclass({partition});

-- own --
-- Opens a transaction for what we write ourselves between such statements, with the usual patience.
BEGIN;
SET LOCAL lock_timeout = {lock_timeout};

-- laps_alone --
-- The laps of one script that ran outside a transaction.
SELECT set_config('migrator.lap_0', '0', true),
       set_config('migrator.lap_1', ({milliseconds} / 1000.0)::text, true);
