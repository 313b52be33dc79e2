-- costs --
-- What each migration cost in each database of an execution, the dearest first.
SELECT database_id, script, count AS targets, seconds, least, most, buckets, rows, wal
FROM performance
WHERE execution_id = :id
ORDER BY seconds DESC, database_id, script;

-- costs_before --
-- What the same files cost in the last few executions before this one, in databases of the same kind.
SELECT database_id, script, least, most, buckets
FROM (
    SELECT past.database_id, past.script, past.least, past.most, past.buckets,
           dense_rank() OVER (PARTITION BY past.script, past.database_id ORDER BY earlier.created_at DESC) AS age
    FROM execution AS this
    JOIN performance AS ours ON ours.execution_id = this.id
    JOIN database AS our_database ON our_database.id = ours.database_id
    JOIN performance AS past ON past.script = ours.script AND past.execution_id <> this.id
    JOIN database AS past_database ON past_database.id = past.database_id AND past_database.kind = our_database.kind
    JOIN execution AS earlier
        ON earlier.id = past.execution_id AND earlier.created_at < this.created_at AND earlier.kind = this.kind
    WHERE this.id = :id
    GROUP BY past.execution_id, past.database_id, past.script, past.least, past.most, past.buckets, earlier.created_at
) AS ordered
WHERE age <= :most;

-- costs_of_script --
-- The executions that applied a file, the latest first: what it cost in each database.
SELECT performance.execution_id, execution.created_at, database_id, script, count AS targets, seconds, least, most,
       buckets, rows, wal
FROM performance
JOIN execution ON execution.id = performance.execution_id
WHERE script = :name OR script LIKE :likeness
ORDER BY execution.created_at DESC, database_id, script
LIMIT :most;

-- times --
-- How long the targets of an execution took that are done, by database, and what was lost to locks.
SELECT database_id, count(*) AS targets, min(seconds) AS least, max(seconds) AS most, sum(seconds) AS seconds,
       percentile_cont(0.5) WITHIN GROUP (ORDER BY seconds) AS median, sum(refused) AS refused, sum(waited) AS waited
FROM outcome
WHERE execution_id = :id AND state = 'done' AND seconds IS NOT NULL
GROUP BY database_id
ORDER BY sum(seconds) DESC, database_id;

-- slowest --
SELECT database_id, schema_name, tenant_id, seconds, refused, waited, cardinality(applied) AS applied
FROM outcome
WHERE execution_id = :id AND state = 'done' AND seconds IS NOT NULL
ORDER BY seconds DESC, database_id, schema_name
LIMIT :most;
