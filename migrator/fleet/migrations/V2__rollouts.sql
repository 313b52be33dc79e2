-- Rollouts: waves with a failure budget, pauses and windows, kinds of work beside migrating, and who steered what.

ALTER TABLE tenant ADD COLUMN labels jsonb NOT NULL DEFAULT '{}';
COMMENT ON COLUMN tenant.labels IS 'Free words for choosing tenants.';

ALTER TABLE execution
    DROP CONSTRAINT execution_state_check,
    DROP CONSTRAINT execution_check1,
    ADD CONSTRAINT execution_state_check CHECK (state IN ('pending', 'planned', 'running', 'soaking', 'paused',
        'halted', 'completed', 'failed', 'cancelled', 'rolled_back')),
    ADD CONSTRAINT execution_finished_check CHECK (
        (state IN ('halted', 'completed', 'failed', 'cancelled', 'rolled_back')) = (finished_at IS NOT NULL)),
    ADD COLUMN kind text NOT NULL DEFAULT 'migrate' CHECK (kind IN ('migrate', 'rollback', 'validate', 'drift',
        'snapshot', 'reindex', 'analyze')),
    ADD COLUMN options jsonb NOT NULL DEFAULT '{}',
    ADD COLUMN stages jsonb NOT NULL DEFAULT '[]',
    ADD COLUMN takes_back text REFERENCES execution (id),
    ADD COLUMN most_failures integer CHECK (most_failures >= 0),
    ADD COLUMN forgiven integer NOT NULL DEFAULT 0 CHECK (forgiven >= 0),
    ADD COLUMN waits_for text REFERENCES execution (id),
    ADD COLUMN due_at timestamptz,
    ADD COLUMN window_closes timestamptz;
DROP INDEX execution_open;
CREATE INDEX execution_open ON execution (driven_at)
    WHERE state IN ('pending', 'planned', 'running', 'soaking', 'paused');
COMMENT ON COLUMN execution.kind IS 'What is done to each target.';
COMMENT ON COLUMN execution.options IS 'How it was asked to go about it: waves, budget, order.';
COMMENT ON COLUMN execution.stages IS 'Scope and version of each stage, in order.';
COMMENT ON COLUMN execution.takes_back IS 'The execution that this one rolls back.';
COMMENT ON COLUMN execution.most_failures IS 'How many targets may fail in all before it halts; null for any number.';
COMMENT ON COLUMN execution.forgiven IS 'Failures that an operator has seen, which count against the budget no more.';
COMMENT ON COLUMN execution.waits_for IS 'The execution that has some of its targets and goes first.';
COMMENT ON COLUMN execution.due_at IS 'It goes on no earlier: the end of a soak, or the beginning of its window.';
COMMENT ON COLUMN execution.window_closes IS 'No target is claimed from then on until the next window; null for always.';

ALTER TABLE outcome
    DROP CONSTRAINT outcome_pkey,
    ADD COLUMN stage integer NOT NULL DEFAULT 1 CHECK (stage > 0),
    ADD PRIMARY KEY (execution_id, database_id, schema_name, stage),
    ADD COLUMN position integer NOT NULL DEFAULT 0,
    ADD COLUMN tried_since bigint NOT NULL DEFAULT 0,
    ADD COLUMN since_rank integer,
    ADD COLUMN until_rank integer,
    ADD COLUMN fingerprint_before text,
    ADD COLUMN fingerprint_after text,
    ADD COLUMN snapshot text,
    ADD COLUMN note text;
DROP INDEX outcome_claimable;
CREATE INDEX outcome_claimable ON outcome (execution_id, database_id, wave, position, schema_name)
    WHERE state IN ('pending', 'running');
CREATE INDEX outcome_of_target ON outcome (database_id, schema_name) WHERE state IN ('pending', 'running');
COMMENT ON COLUMN outcome.stage IS 'The stage it belongs to, counted from 1; a target may have one in several stages.';
COMMENT ON COLUMN outcome.position IS 'Its place in the order of its wave.';
COMMENT ON COLUMN outcome.tried_since IS 'The fence from which its claims are counted: a retry begins anew.';
COMMENT ON COLUMN outcome.since_rank IS 'The newest rank of its history before this execution.';
COMMENT ON COLUMN outcome.until_rank IS 'The newest rank of its history after this execution.';
COMMENT ON COLUMN outcome.fingerprint_before IS 'Of its catalog before this execution; null when it was not asked for.';
COMMENT ON COLUMN outcome.fingerprint_after IS 'Of its catalog after this execution; null when it was not asked for.';
COMMENT ON COLUMN outcome.snapshot IS 'Where the copy is that was taken before.';
COMMENT ON COLUMN outcome.note IS 'What else there is to say of it, in one sentence.';

CREATE TABLE wave (
    execution_id text NOT NULL REFERENCES execution (id),
    number integer NOT NULL CHECK (number > 0),
    stage integer NOT NULL CHECK (stage > 0),
    is_canary boolean NOT NULL DEFAULT false,
    total integer NOT NULL CHECK (total > 0),
    most_failures integer CHECK (most_failures >= 0),
    done integer NOT NULL DEFAULT 0,
    failed integer NOT NULL DEFAULT 0,
    forgiven integer NOT NULL DEFAULT 0 CHECK (forgiven >= 0),
    sent_at timestamptz,
    ended_at timestamptz,
    PRIMARY KEY (execution_id, number)
);
COMMENT ON TABLE wave IS 'Ledger: the waves of each execution; none goes out before the one before it is over.';
COMMENT ON COLUMN wave.execution_id IS 'The execution.';
COMMENT ON COLUMN wave.number IS 'Counted from 1 through all stages.';
COMMENT ON COLUMN wave.stage IS 'The stage it belongs to.';
COMMENT ON COLUMN wave.is_canary IS 'Whether it is there to find out; no target of it may fail.';
COMMENT ON COLUMN wave.total IS 'Targets in it.';
COMMENT ON COLUMN wave.most_failures IS 'How many of them may fail before the execution halts; null for any number.';
COMMENT ON COLUMN wave.done IS 'Targets that are done, counted along.';
COMMENT ON COLUMN wave.failed IS 'Targets that failed, counted along.';
COMMENT ON COLUMN wave.forgiven IS 'Failures that an operator has seen, which hold up no later stage any more.';
COMMENT ON COLUMN wave.sent_at IS 'When it first went out.';
COMMENT ON COLUMN wave.ended_at IS 'When its last target came to its end.';

CREATE TABLE action (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    execution_id text NOT NULL REFERENCES execution (id),
    action text NOT NULL CHECK (action IN ('pause', 'resume', 'cancel', 'retry', 'force', 'rollback', 'roll_over')),
    by text NOT NULL,
    at timestamptz NOT NULL DEFAULT clock_timestamp(),
    note text
);
CREATE INDEX action_of_execution ON action (execution_id, at);
COMMENT ON TABLE action IS 'Who steered which execution, and when.';
COMMENT ON COLUMN action.id IS 'Grows with time.';
COMMENT ON COLUMN action.execution_id IS 'The execution.';
COMMENT ON COLUMN action.action IS 'What was done to it.';
COMMENT ON COLUMN action.by IS 'Who did it.';
COMMENT ON COLUMN action.at IS 'When.';
COMMENT ON COLUMN action.note IS 'What else there is to say of it.';

CREATE TABLE preflight (
    execution_id text NOT NULL REFERENCES execution (id),
    database_id text NOT NULL REFERENCES database (id),
    wave integer NOT NULL,
    verdict text NOT NULL CHECK (verdict IN ('ok', 'warn', 'stop')),
    checks jsonb NOT NULL DEFAULT '[]',
    noticed jsonb NOT NULL DEFAULT '{}',
    stopped_since timestamptz,
    checked_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (execution_id, database_id)
);
COMMENT ON TABLE preflight IS 'What was last found on a database before an execution went on there.';
COMMENT ON COLUMN preflight.execution_id IS 'The execution.';
COMMENT ON COLUMN preflight.database_id IS 'The database.';
COMMENT ON COLUMN preflight.wave IS 'The wave it was looked at for.';
COMMENT ON COLUMN preflight.verdict IS 'ok, warn, or stop: it waits and is looked at again.';
COMMENT ON COLUMN preflight.checks IS 'Each check with its verdict, figure and advice.';
COMMENT ON COLUMN preflight.noticed IS 'The checks that were ever a warning or a stop, as each last was, by name and verdict.';
COMMENT ON COLUMN preflight.stopped_since IS 'Since when the wave has been kept waiting there without a break.';
COMMENT ON COLUMN preflight.checked_at IS 'When.';

CREATE TABLE pace (
    database_id text PRIMARY KEY REFERENCES database (id),
    budget integer NOT NULL CHECK (budget > 0),
    lanes integer NOT NULL CHECK (lanes > 0),
    batch integer NOT NULL CHECK (batch > 0),
    move text NOT NULL CHECK (move IN ('grow', 'hold', 'back', 'halve')),
    reason text NOT NULL,
    rate double precision NOT NULL DEFAULT 0,
    ceiling integer,
    calm integer NOT NULL DEFAULT 0,
    execution_id text REFERENCES execution (id),
    decided_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    changes jsonb NOT NULL DEFAULT '[]',
    began_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    reported_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    slots integer[] NOT NULL DEFAULT '{}',
    done integer NOT NULL DEFAULT 0,
    failed integer NOT NULL DEFAULT 0,
    refused integer NOT NULL DEFAULT 0
);
COMMENT ON TABLE pace IS 'How many lanes a database bears, and how large a batch, as far as was measured.';
COMMENT ON COLUMN pace.database_id IS 'The database.';
COMMENT ON COLUMN pace.budget IS 'The lanes that it might have had when that was decided.';
COMMENT ON COLUMN pace.lanes IS 'How many lanes work at once; never more than its budget.';
COMMENT ON COLUMN pace.batch IS 'How many targets a lane claims at once, at the most.';
COMMENT ON COLUMN pace.move IS 'How it came to this.';
COMMENT ON COLUMN pace.reason IS 'Why it is so, in one sentence.';
COMMENT ON COLUMN pace.rate IS 'Targets per second at the pace before; 0 when that is not known.';
COMMENT ON COLUMN pace.ceiling IS 'The number of lanes that did harm or did not pay.';
COMMENT ON COLUMN pace.calm IS 'At how many looks since then all was well.';
COMMENT ON COLUMN pace.execution_id IS 'The execution of the lane that last decided.';
COMMENT ON COLUMN pace.decided_at IS 'When that was.';
COMMENT ON COLUMN pace.changes IS 'The last changes of the number of lanes: execution, time, lanes, batch, reason.';
COMMENT ON COLUMN pace.began_at IS 'From when on is measured for the next decision.';
COMMENT ON COLUMN pace.reported_at IS 'When a lane last reported.';
COMMENT ON COLUMN pace.slots IS 'The slots of the lanes that reported since then.';
COMMENT ON COLUMN pace.done IS 'Targets that they finished.';
COMMENT ON COLUMN pace.failed IS 'Those among them that failed.';
COMMENT ON COLUMN pace.refused IS 'How often the server refused them something for now.';

CREATE TABLE template (
    digest text NOT NULL,
    server integer NOT NULL,
    version text,
    body text,
    fingerprint text,
    reason text,
    claimed_until timestamptz,
    made_at timestamptz,
    PRIMARY KEY (digest, server),
    CHECK ((body IS NULL) = (fingerprint IS NULL)),
    CHECK (body IS NULL OR reason IS NULL),
    CHECK ((body IS NULL AND reason IS NULL) = (made_at IS NULL))
);
COMMENT ON TABLE template IS 'What a fresh schema consists of, by state of the folder: run instead of its history.';
COMMENT ON COLUMN template.digest IS 'Of the folder''s state.';
COMMENT ON COLUMN template.server IS 'Major version of the server that it was dumped from.';
COMMENT ON COLUMN template.version IS 'The newest version in it.';
COMMENT ON COLUMN template.body IS 'SQL with a slot wherever the schema is named; null when there can be none.';
COMMENT ON COLUMN template.fingerprint IS 'Of a schema that was made by replay, and of one made from this.';
COMMENT ON COLUMN template.reason IS 'Why there can be none; the history is replayed then.';
COMMENT ON COLUMN template.claimed_until IS 'Somebody is making it; nobody else tries before.';
COMMENT ON COLUMN template.made_at IS 'When it was made, or found to be impossible.';
