-- The control database: registry, events and the ledger of executions and outcomes.

CREATE TABLE database (
    id text PRIMARY KEY,
    name text NOT NULL,
    kind text NOT NULL CHECK (kind IN ('admin', 'shared', 'analytics', 'tenant')),
    region text,
    host text NOT NULL,
    port integer NOT NULL CHECK (port BETWEEN 1 AND 65535),
    username text,
    credential text,
    migration_timeout integer NOT NULL DEFAULT 300 CHECK (migration_timeout > 0),
    lanes integer CHECK (lanes > 0),
    labels jsonb NOT NULL DEFAULT '{}',
    state text NOT NULL DEFAULT 'active' CHECK (state IN ('active', 'retired')),
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE database IS 'Registry: the PostgreSQL databases we may connect to.';
COMMENT ON COLUMN database.id IS 'The name under which applications speak of it.';
COMMENT ON COLUMN database.name IS 'Its name on its server.';
COMMENT ON COLUMN database.kind IS 'What it is for; decides the scope of its migrations.';
COMMENT ON COLUMN database.region IS 'Where it is, in the words of the application.';
COMMENT ON COLUMN database.host IS 'Host name or address of its server.';
COMMENT ON COLUMN database.port IS 'TCP port of its server.';
COMMENT ON COLUMN database.username IS 'The user that migrates; null leaves it to libpq.';
COMMENT ON COLUMN database.credential IS 'Where its password is (env:, file:, command:), never the password itself; null leaves it to libpq.';
COMMENT ON COLUMN database.migration_timeout IS 'Seconds that one statement of a migration may take.';
COMMENT ON COLUMN database.lanes IS 'How many lanes may work on it at once; null takes the setting.';
COMMENT ON COLUMN database.labels IS 'Free words for choosing databases.';
COMMENT ON COLUMN database.state IS 'A retired database is not migrated any more; nothing in it was dropped.';
COMMENT ON COLUMN database.created_at IS 'When it was registered.';
COMMENT ON COLUMN database.updated_at IS 'When this row last changed.';

CREATE TABLE tenant (
    id text PRIMARY KEY,
    slug text NOT NULL,
    database_id text NOT NULL REFERENCES database (id),
    schema_name text NOT NULL CHECK (octet_length(schema_name) BETWEEN 1 AND 63),
    region text,
    template_version text,
    state text NOT NULL DEFAULT 'active' CHECK (state IN ('active', 'retired')),
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX tenant_has_its_schema_alone ON tenant (database_id, schema_name) WHERE state = 'active';
COMMENT ON TABLE tenant IS 'Registry: the customers, each in one schema of one database.';
COMMENT ON COLUMN tenant.id IS 'The name under which applications speak of it.';
COMMENT ON COLUMN tenant.slug IS 'A short readable name.';
COMMENT ON COLUMN tenant.database_id IS 'The database its schema is in.';
COMMENT ON COLUMN tenant.schema_name IS 'Its schema; no other active tenant of the database has it.';
COMMENT ON COLUMN tenant.region IS 'Where it is, in the words of the application.';
COMMENT ON COLUMN tenant.template_version IS 'The version it was provisioned at when a template was asked for.';
COMMENT ON COLUMN tenant.state IS 'A retired tenant is not migrated any more; its schema was not dropped.';
COMMENT ON COLUMN tenant.created_at IS 'When it was registered.';
COMMENT ON COLUMN tenant.updated_at IS 'When this row last changed.';

CREATE TABLE event (
    id text PRIMARY KEY CHECK (length(id) BETWEEN 1 AND 200),
    type text NOT NULL,
    priority text NOT NULL DEFAULT 'normal' CHECK (priority IN ('critical', 'high', 'normal', 'low')),
    status text NOT NULL DEFAULT 'pending'
        CHECK (status IN ('pending', 'processing', 'retrying', 'completed', 'failed')),
    payload jsonb NOT NULL DEFAULT '{}',
    metadata jsonb NOT NULL DEFAULT '{}',
    report jsonb,
    error_message text,
    retry_count integer NOT NULL DEFAULT 0,
    max_retries integer NOT NULL DEFAULT 3,
    correlation_id text,
    triggered_by text,
    created_at timestamptz NOT NULL DEFAULT now(),
    scheduled_at timestamptz,
    processed_at timestamptz,
    completed_at timestamptz,
    CHECK ((status IN ('completed', 'failed')) = (completed_at IS NOT NULL)),
    CHECK (status <> 'failed' OR error_message IS NOT NULL)
);
CREATE INDEX event_open ON event (status, processed_at) WHERE status NOT IN ('completed', 'failed');
CREATE INDEX event_created ON event (created_at);
COMMENT ON TABLE event IS 'What happened or was asked for; the audit trail.';
COMMENT ON COLUMN event.id IS 'Also the Celery task id and, when it starts an execution, the id of that.';
COMMENT ON COLUMN event.type IS 'Which kind of event, as in tenant.created.';
COMMENT ON COLUMN event.priority IS 'How urgent; names the queue.';
COMMENT ON COLUMN event.status IS 'Where it stands.';
COMMENT ON COLUMN event.payload IS 'What it carries, as it was received.';
COMMENT ON COLUMN event.metadata IS 'What was learned on the way.';
COMMENT ON COLUMN event.report IS 'What became of it, as its sender got it.';
COMMENT ON COLUMN event.error_message IS 'Why it failed or is tried again, in one sentence.';
COMMENT ON COLUMN event.retry_count IS 'How often it was tried again.';
COMMENT ON COLUMN event.max_retries IS 'How often it may be tried again.';
COMMENT ON COLUMN event.correlation_id IS 'Ties it to other events, in the words of the application.';
COMMENT ON COLUMN event.triggered_by IS 'Who or what sent it.';
COMMENT ON COLUMN event.created_at IS 'When it was stored.';
COMMENT ON COLUMN event.scheduled_at IS 'Not to be carried out before.';
COMMENT ON COLUMN event.processed_at IS 'When a worker last took it up.';
COMMENT ON COLUMN event.completed_at IS 'When it came to its end.';

CREATE TABLE execution (
    id text PRIMARY KEY REFERENCES event (id),
    state text NOT NULL CHECK (state IN ('running', 'halted', 'completed', 'failed')),
    requested_by text NOT NULL,
    to_version text,
    folders jsonb NOT NULL DEFAULT '{}',
    waves integer NOT NULL CHECK (waves >= 0),
    wave integer NOT NULL DEFAULT 0 CHECK (wave BETWEEN 0 AND waves),
    total integer NOT NULL CHECK (total >= 0),
    done integer NOT NULL DEFAULT 0,
    failed integer NOT NULL DEFAULT 0,
    skipped integer NOT NULL DEFAULT 0,
    reason text,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    driven_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    drives integer NOT NULL DEFAULT 0,
    nudged_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    finished_at timestamptz,
    CHECK ((state = 'running') = (finished_at IS NULL)),
    CHECK (done + failed <= total)
);
CREATE INDEX execution_open ON execution (driven_at) WHERE state = 'running';
CREATE INDEX execution_created ON execution (created_at);
COMMENT ON TABLE execution IS 'Ledger: plans being carried out, or carried out.';
COMMENT ON COLUMN execution.id IS 'The id of the event that started it.';
COMMENT ON COLUMN execution.state IS 'Where it stands.';
COMMENT ON COLUMN execution.requested_by IS 'Who asked for it.';
COMMENT ON COLUMN execution.to_version IS 'The version asked for; null for the newest.';
COMMENT ON COLUMN execution.folders IS 'Digest of each migration folder it was planned with, by scope.';
COMMENT ON COLUMN execution.waves IS 'How many waves it has.';
COMMENT ON COLUMN execution.wave IS 'The wave that was last sent out; 0 before the first.';
COMMENT ON COLUMN execution.total IS 'Targets in its plan.';
COMMENT ON COLUMN execution.done IS 'Targets that are done, counted along.';
COMMENT ON COLUMN execution.failed IS 'Targets that failed, counted along.';
COMMENT ON COLUMN execution.skipped IS 'Targets that were current already and are not in the plan.';
COMMENT ON COLUMN execution.reason IS 'Why it halted.';
COMMENT ON COLUMN execution.created_at IS 'When it was opened.';
COMMENT ON COLUMN execution.driven_at IS 'When its wave was last sent out.';
COMMENT ON COLUMN execution.drives IS 'How often its wave was sent out again because its lanes seemed lost.';
COMMENT ON COLUMN execution.nudged_at IS 'When upkeep last sent its event again.';
COMMENT ON COLUMN execution.finished_at IS 'When it came to its end.';

CREATE TABLE outcome (
    execution_id text NOT NULL REFERENCES execution (id),
    database_id text NOT NULL REFERENCES database (id),
    schema_name text NOT NULL,
    tenant_id text REFERENCES tenant (id),
    scope text NOT NULL CHECK (scope IN ('admin', 'regional', 'tenant')),
    wave integer NOT NULL CHECK (wave > 0),
    state text NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'running', 'done', 'failed')),
    lease_holder text,
    lease_until timestamptz,
    fence bigint NOT NULL DEFAULT 0,
    from_version text,
    to_version text,
    applied text[] NOT NULL DEFAULT '{}',
    seconds double precision,
    sqlstate text,
    error_message text,
    script text,
    line integer,
    statement text,
    finished_at timestamptz,
    PRIMARY KEY (execution_id, database_id, schema_name),
    CHECK ((state = 'running') = (lease_until IS NOT NULL)),
    CHECK ((state IN ('done', 'failed')) = (finished_at IS NOT NULL)),
    CHECK (state <> 'failed' OR error_message IS NOT NULL)
) WITH (fillfactor = 80);
CREATE INDEX outcome_claimable ON outcome (execution_id, database_id, wave, schema_name)
    WHERE state IN ('pending', 'running');
CREATE INDEX outcome_failed ON outcome (execution_id) WHERE state = 'failed';
COMMENT ON TABLE outcome IS 'Ledger: what became of each target in each execution.';
COMMENT ON COLUMN outcome.execution_id IS 'The execution.';
COMMENT ON COLUMN outcome.database_id IS 'The target''s database.';
COMMENT ON COLUMN outcome.schema_name IS 'The target''s schema.';
COMMENT ON COLUMN outcome.tenant_id IS 'Whose schema it is; null in admin and regional scope.';
COMMENT ON COLUMN outcome.scope IS 'Which folder it is migrated from.';
COMMENT ON COLUMN outcome.wave IS 'The wave it belongs to, counted from 1.';
COMMENT ON COLUMN outcome.state IS 'Where the target stands.';
COMMENT ON COLUMN outcome.lease_holder IS 'The lane that last claimed it.';
COMMENT ON COLUMN outcome.lease_until IS 'The claim ends then unless it is renewed; others may take over.';
COMMENT ON COLUMN outcome.fence IS 'Grows with each claim; a write with an older one is void.';
COMMENT ON COLUMN outcome.from_version IS 'The version before this execution; null for a fresh schema.';
COMMENT ON COLUMN outcome.to_version IS 'The version after this execution.';
COMMENT ON COLUMN outcome.applied IS 'File names of what this execution applied, in order.';
COMMENT ON COLUMN outcome.seconds IS 'How long it took.';
COMMENT ON COLUMN outcome.sqlstate IS 'What the server called the failure.';
COMMENT ON COLUMN outcome.error_message IS 'Why it failed, in one sentence.';
COMMENT ON COLUMN outcome.script IS 'The file that failed.';
COMMENT ON COLUMN outcome.line IS 'The line of the file, counted from 1.';
COMMENT ON COLUMN outcome.statement IS 'The statement that failed, shortened.';
COMMENT ON COLUMN outcome.finished_at IS 'When it came to its end.';

CREATE TABLE lane (
    database_id text NOT NULL REFERENCES database (id),
    slot integer NOT NULL CHECK (slot > 0),
    holder text,
    lease_until timestamptz,
    PRIMARY KEY (database_id, slot),
    CHECK ((holder IS NULL) = (lease_until IS NULL))
);
COMMENT ON TABLE lane IS 'The connection budget: who holds a slot may have one connection to the database for migrating.';
COMMENT ON COLUMN lane.database_id IS 'The database.';
COMMENT ON COLUMN lane.slot IS 'Counted from 1 up to the database''s budget.';
COMMENT ON COLUMN lane.holder IS 'The lane that has the slot; null for a free one.';
COMMENT ON COLUMN lane.lease_until IS 'The slot is free again then unless the claim is renewed.';
