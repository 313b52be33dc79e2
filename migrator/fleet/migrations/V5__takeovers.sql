-- Takeovers: on which targets workers were lost, how often each was tried, who waits; a breaker's thresholds by database.

ALTER TABLE outcome
    DROP COLUMN tried_since,
    ADD COLUMN tries integer NOT NULL DEFAULT 0 CHECK (tries >= 0),
    ADD COLUMN together integer,
    ADD COLUMN losses jsonb NOT NULL DEFAULT '[]';
CREATE INDEX outcome_held ON outcome (execution_id, database_id) WHERE state = 'running';
COMMENT ON COLUMN outcome.tries IS 'How often it was begun and put back because of something that may pass; a retry begins anew.';
COMMENT ON COLUMN outcome.together IS 'How many targets the last claim had; the only one of a claim was surely begun. 0: its worker was stopped.';
COMMENT ON COLUMN outcome.losses IS 'The workers that were lost while they had it: worker, at, and whether it was the only one of its claim.';

CREATE TABLE lane_wait (
    execution_id text NOT NULL REFERENCES execution (id),
    database_id text NOT NULL REFERENCES database (id),
    wave integer NOT NULL,
    until timestamptz NOT NULL,
    PRIMARY KEY (execution_id, database_id, wave)
);
COMMENT ON TABLE lane_wait IS 'Where lanes wait outside the workers, for a gate, a breaker or a slot: they are not lost, none is sent in their place.';
COMMENT ON COLUMN lane_wait.execution_id IS 'The execution.';
COMMENT ON COLUMN lane_wait.database_id IS 'The database that they wait for.';
COMMENT ON COLUMN lane_wait.wave IS 'The wave that they belong to.';
COMMENT ON COLUMN lane_wait.until IS 'One of them has said by then that it is back or waits on; else they are taken for lost.';

ALTER TABLE database
    ADD COLUMN breaker_failures integer CHECK (breaker_failures > 0),
    ADD COLUMN breaker_open_seconds double precision CHECK (breaker_open_seconds > 0);
COMMENT ON COLUMN database.breaker_failures IS 'So many failures in a row open its breaker; null takes the setting.';
COMMENT ON COLUMN database.breaker_open_seconds IS 'How long its breaker lets nobody through before the first probe; null takes the setting.';
