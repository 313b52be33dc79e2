-- activity --
-- What the lanes of one execution do on this database right now: since when, in which schema, whom they wait for, and how
-- far a long statement is by the server's own progress views. A name too long for the server was cut to its beginning.
SET LOCAL statement_timeout = '3s';
WITH lanes AS (
    SELECT pid, state, wait_event_type, wait_event, query_start, query, pg_blocking_pids(pid) AS blockers,
           substring(application_name FROM '^migrator lane (\d+) ') AS slot
    FROM pg_stat_activity
    WHERE datname = current_database() AND leader_pid IS NULL AND state <> 'idle'
      AND starts_with({execution}, substring(application_name FROM '^migrator lane \d+ [0-9a-f]+ (.+)$'))
), progress AS (
    SELECT pid, command, phase, relid, index_relid,
           CASE WHEN blocks_total > 0 THEN blocks_done::float8 / blocks_total
                WHEN tuples_total > 0 THEN tuples_done::float8 / tuples_total
                WHEN lockers_total > 0 THEN lockers_done::float8 / lockers_total END AS share
    FROM pg_stat_progress_create_index
    UNION ALL
    SELECT pid, 'VACUUM', phase, relid, NULL, heap_blks_scanned::float8 / nullif(heap_blks_total, 0)
    FROM pg_stat_progress_vacuum
    UNION ALL
    SELECT pid, command, phase, relid, nullif(cluster_index_relid, 0),
           heap_blks_scanned::float8 / nullif(heap_blks_total, 0)
    FROM pg_stat_progress_cluster
    UNION ALL
    SELECT pid, 'ANALYZE', phase, relid, NULL, sample_blks_scanned::float8 / nullif(sample_blks_total, 0)
    FROM pg_stat_progress_analyze
    UNION ALL
    SELECT pid, command, type, relid, NULL, bytes_processed::float8 / nullif(bytes_total, 0)
    FROM pg_stat_progress_copy
), relations AS (
    SELECT locks.pid, locks.granted, locks.mode, spaces.nspname AS schema, classes.relname AS name
    FROM pg_locks AS locks
    JOIN lanes ON lanes.pid = locks.pid
    JOIN pg_class AS classes ON classes.oid = locks.relation
    JOIN pg_namespace AS spaces ON spaces.oid = classes.relnamespace
    WHERE locks.locktype = 'relation'
      AND locks.database = (SELECT oid FROM pg_database WHERE datname = current_database())
      AND spaces.nspname !~ '^pg_'
)
SELECT lanes.pid,
       CAST(lanes.slot AS integer),
       extract(epoch FROM clock_timestamp() - lanes.query_start)::float8,
       (SELECT schema FROM relations WHERE relations.pid = lanes.pid GROUP BY schema ORDER BY count(*) DESC LIMIT 1),
       CASE WHEN lanes.wait_event_type IN ('Lock', 'IO') THEN lanes.wait_event_type || ': ' || lanes.wait_event END,
       (SELECT mode || ' on ' || schema || '.' || name FROM relations
        WHERE relations.pid = lanes.pid AND NOT granted LIMIT 1),
       (SELECT json_build_object('command', command, 'phase', phase, 'share', share,
                                 'relation', coalesce(index_relid, relid)::regclass::text)
        FROM progress WHERE progress.pid = lanes.pid LIMIT 1),
       (SELECT json_agg(json_build_object(
                   'pid', others.pid, 'user', others.usename, 'application', others.application_name,
                   'state', others.state, 'query', left(others.query, 400),
                   'seconds', extract(epoch FROM clock_timestamp() - coalesce(others.xact_start, others.query_start))))
        FROM pg_stat_activity AS others WHERE others.pid = ANY (lanes.blockers))
FROM lanes
ORDER BY lanes.query_start;
