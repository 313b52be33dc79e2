-- Monitoring: how long targets and migrations took, counted along where outcomes are written.

ALTER TABLE outcome
    ADD COLUMN refused integer NOT NULL DEFAULT 0 CHECK (refused >= 0),
    ADD COLUMN waited double precision NOT NULL DEFAULT 0 CHECK (waited >= 0);
COMMENT ON COLUMN outcome.refused IS 'How often its server refused it for now: a lock timeout, a deadlock, a lack of resources.';
COMMENT ON COLUMN outcome.waited IS 'Seconds lost to such refusals and to the lock of the schema; not in seconds.';

CREATE TABLE duration (
    scope text NOT NULL CHECK (scope IN ('admin', 'regional', 'tenant')),
    database_id text NOT NULL REFERENCES database (id),
    count bigint NOT NULL DEFAULT 0,
    seconds double precision NOT NULL DEFAULT 0,
    buckets bigint[] NOT NULL,
    PRIMARY KEY (scope, database_id)
);
COMMENT ON TABLE duration IS 'How long targets took that are done, in all executions so far: a histogram for each scope and database.';
COMMENT ON COLUMN duration.scope IS 'The folder that they were migrated from.';
COMMENT ON COLUMN duration.database_id IS 'Their database.';
COMMENT ON COLUMN duration.count IS 'How many.';
COMMENT ON COLUMN duration.seconds IS 'How long in all.';
COMMENT ON COLUMN duration.buckets IS 'How many were within each bound and not within the one before; the last is for all beyond.';

CREATE TABLE performance (
    execution_id text NOT NULL REFERENCES execution (id),
    database_id text NOT NULL REFERENCES database (id),
    script text NOT NULL,
    count integer NOT NULL,
    seconds double precision NOT NULL,
    least double precision NOT NULL,
    most double precision NOT NULL,
    buckets integer[] NOT NULL,
    rows bigint,
    wal bigint,
    PRIMARY KEY (execution_id, database_id, script)
) WITH (fillfactor = 70);
CREATE INDEX performance_of_script ON performance (script);
COMMENT ON TABLE performance IS 'What each migration cost in each execution and database, summed up over its targets.';
COMMENT ON COLUMN performance.execution_id IS 'The execution.';
COMMENT ON COLUMN performance.database_id IS 'The database.';
COMMENT ON COLUMN performance.script IS 'The file.';
COMMENT ON COLUMN performance.count IS 'To how many targets it was applied and measured.';
COMMENT ON COLUMN performance.seconds IS 'How long that took in all.';
COMMENT ON COLUMN performance.least IS 'Seconds for the quickest target.';
COMMENT ON COLUMN performance.most IS 'Seconds for the slowest target.';
COMMENT ON COLUMN performance.buckets IS 'How many targets took how long, in steps of a quarter of a doubling from 0.1 ms; for the median.';
COMMENT ON COLUMN performance.rows IS 'Rows of tables that it wrote in all; null where they were not counted.';
COMMENT ON COLUMN performance.wal IS 'Bytes that the server wrote to its log meanwhile, whoever wrote them; null where that was not measured.';

CREATE INDEX event_completed ON event (completed_at) WHERE status = 'completed';
