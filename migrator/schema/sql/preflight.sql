-- facts --
-- One row about this database as our role sees it. Our own session is left out of every count.
-- What a role without pg_read_all_stats may not see is null in the server's views; it is counted as hidden.
SET LOCAL statement_timeout = '10s';
WITH concerned AS (
    SELECT oid, nspname FROM pg_namespace WHERE nspname = ANY ({schemas}::text[])
), held AS (
    SELECT locks.pid,
           locks.virtualtransaction,
           count(DISTINCT relations.oid) AS relations,
           min(concerned.nspname || '.' || relations.relname) AS relation
    FROM pg_locks AS locks
    JOIN pg_class AS relations ON relations.oid = locks.relation
    JOIN concerned ON concerned.oid = relations.relnamespace
    WHERE locks.locktype = 'relation'
      AND locks.granted
      AND locks.database = (SELECT oid FROM pg_database WHERE datname = current_database())
      AND locks.pid IS DISTINCT FROM pg_backend_pid()
    GROUP BY locks.pid, locks.virtualtransaction
), others AS (
    SELECT * FROM pg_stat_activity WHERE pid <> pg_backend_pid()
), clients AS (  -- the kind of a session that we may not see is null
    SELECT * FROM others
    WHERE usesysid IS NOT NULL AND datid IS NOT NULL AND coalesce(backend_type, 'client backend') = 'client backend'
), transactions AS (  -- an ordinary autovacuum makes way by itself, one against wraparound does not
    SELECT others.pid, NULL::text AS gid, others.usename::text AS "user", others.application_name AS application,
           others.state, extract(epoch FROM clock_timestamp() - others.xact_start)::float8 AS seconds,
           left(others.query, 400) AS query, coalesce(held.relations, 0) AS relations, held.relation
    FROM others
    LEFT JOIN held ON held.pid = others.pid
    WHERE others.datname = current_database()
      AND others.leader_pid IS NULL
      AND (others.usesysid IS NOT NULL OR others.query LIKE '%(to prevent wraparound)')
      AND (others.xact_start IS NOT NULL OR held.pid IS NOT NULL)
    UNION ALL
    SELECT NULL, prepared.gid, prepared.owner::text, NULL,
           'prepared', extract(epoch FROM clock_timestamp() - prepared.prepared)::float8,
           '', coalesce(held.relations, 0), held.relation
    FROM pg_prepared_xacts AS prepared
    LEFT JOIN pg_locks AS itself  -- its lock on its own number leads to its others, before and after a restart
        ON itself.locktype = 'transactionid'
        AND itself.transactionid = prepared.transaction
        AND itself.granted
        AND itself.pid IS NULL
    LEFT JOIN held ON held.pid IS NULL AND held.virtualtransaction = itself.virtualtransaction
    WHERE prepared.database = current_database()
), oldest AS (
    SELECT *, row_number() OVER (PARTITION BY relations > 0 ORDER BY seconds DESC NULLS LAST) AS place
    FROM transactions
), replicas AS (
    {replicas}
), invalid AS (  -- one that is being built right now is not left over
    SELECT concerned.nspname || '.' || names.relname AS name
    FROM pg_index AS indexes
    JOIN pg_class AS names ON names.oid = indexes.indexrelid
    JOIN concerned ON concerned.oid = names.relnamespace
    WHERE NOT indexes.indisvalid
      AND names.relkind = 'i'
      AND NOT EXISTS (SELECT FROM pg_stat_progress_create_index AS builds WHERE builds.index_relid = names.oid)
)
SELECT row_to_json(facts)
FROM (SELECT session_user::text AS "user",
             current_setting('server_version_num')::int AS version,
             pg_is_in_recovery() AS in_recovery,
             current_setting('transaction_read_only')::boolean AS read_only,
             current_setting('max_connections')::int
                 - current_setting('superuser_reserved_connections')::int
                 - coalesce(current_setting('reserved_connections', true)::int, 0) AS connections_limit,
             (SELECT count(*) FROM clients) AS connections_used,
             CASE WHEN NOT me.rolsuper AND here.datconnlimit >= 0 THEN here.datconnlimit END AS database_connections_limit,
             (SELECT count(*) FROM clients WHERE datid = here.oid) AS database_connections_used,
             CASE WHEN NOT me.rolsuper AND me.rolconnlimit >= 0 THEN me.rolconnlimit END AS role_connections_limit,
             (SELECT count(*) FROM clients WHERE usesysid = me.oid) AS role_connections_used,
             current_setting('max_locks_per_transaction')::bigint
                 * (current_setting('max_connections')::int + current_setting('max_prepared_transactions')::int)
                 AS locks_limit,
             (SELECT count(*) FROM pg_locks
              WHERE NOT fastpath AND mode <> 'SIReadLock' AND pid IS DISTINCT FROM pg_backend_pid()) AS locks_used,
             (SELECT coalesce(json_agg(json_build_object(
                         'pid', pid, 'gid', gid, 'user', "user", 'application', application, 'state', state,
                         'seconds', seconds, 'query', query, 'relations', relations, 'relation', relation)
                         ORDER BY relations > 0 DESC, seconds DESC NULLS LAST), '[]')
              FROM oldest WHERE place <= {most}) AS transactions,
             (SELECT count(*) FROM clients
              WHERE datid = here.oid AND query = '<insufficient privilege>') AS hidden_sessions,
             (SELECT coalesce(json_agg(replicas), '[]') FROM replicas) AS replicas,
             (SELECT count(*) FROM pg_stat_replication WHERE state IS NULL) AS hidden_replicas,
             (SELECT coalesce(json_agg(name ORDER BY name), '[]')
              FROM (SELECT name FROM invalid ORDER BY name LIMIT {most}) AS first) AS invalid_indexes,
             (SELECT count(*) FROM invalid) AS invalid_count,
             (SELECT count(*) FROM clients WHERE state = 'active') AS active,
             (SELECT count(*) FROM clients WHERE datid = here.oid AND wait_event_type = 'Lock') AS lock_waits
      FROM pg_roles AS me, pg_database AS here
      WHERE me.rolname = session_user AND here.datname = current_database()) AS facts;

-- load --
-- How busy the database is right now. Does not read the lock table, because that would stop all lockers for a moment.
SET LOCAL statement_timeout = '5s';
WITH replicas AS (
    {replicas}
), lag AS (
    SELECT max(bytes) AS bytes, max(seconds) AS seconds, count(*) FILTER (WHERE seconds IS NULL) AS unmeasured
    FROM replicas
)
SELECT row_to_json(load)
FROM (SELECT (SELECT count(*) FROM pg_stat_activity
              WHERE datname = current_database() AND wait_event_type = 'Lock') AS lock_waits,
             (SELECT count(*) FROM pg_stat_activity
              WHERE state = 'active' AND backend_type = 'client backend' AND pid <> pg_backend_pid()) AS active,
             CASE WHEN hidden.replicas = 0 AND lag.unmeasured = 0 THEN coalesce(lag.seconds, 0) END AS lag_seconds,
             CASE WHEN hidden.replicas = 0 THEN coalesce(lag.bytes, 0) END AS lag_bytes
      FROM lag, (SELECT count(*) AS replicas FROM pg_stat_replication WHERE state IS NULL) AS hidden) AS load;

-- replicas --
-- Those that replay: no archiver, no backup, no subscriber. One that has everything has no lag, whatever was measured last.
SELECT name, bytes, CASE WHEN bytes = 0 THEN 0 ELSE seconds END AS seconds
    FROM (SELECT coalesce(nullif(application_name, ''), host(client_addr), 'pid ' || pid) AS name,
                 extract(epoch FROM replay_lag)::float8 AS seconds,
                 greatest(0, pg_wal_lsn_diff(
                     CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_lsn() END,
                     replay_lsn))::bigint AS bytes
          FROM pg_stat_replication
          WHERE replay_lsn IS NOT NULL
            AND pid NOT IN (SELECT active_pid FROM pg_replication_slots WHERE slot_type = 'logical' AND active)
         ) AS replaying
