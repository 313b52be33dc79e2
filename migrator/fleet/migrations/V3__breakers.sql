-- Breakers: what became of the ways to each database. Dead letters: which of them may be sent again.

CREATE TABLE breaker_change (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    database_id text NOT NULL REFERENCES database (id),
    state text NOT NULL CHECK (state IN ('closed', 'open', 'half-open')),
    reason text,
    at timestamptz NOT NULL DEFAULT clock_timestamp(),
    by text NOT NULL
);
CREATE INDEX breaker_change_of_database ON breaker_change (database_id, id DESC);
COMMENT ON TABLE breaker_change IS 'When the circuit breaker of which database opened and closed; the store of the workers decides.';
COMMENT ON COLUMN breaker_change.id IS 'Grows with time.';
COMMENT ON COLUMN breaker_change.database_id IS 'The database.';
COMMENT ON COLUMN breaker_change.state IS 'What the breaker was from then on; half-open: one probe is on its way.';
COMMENT ON COLUMN breaker_change.reason IS 'Why, in one sentence.';
COMMENT ON COLUMN breaker_change.at IS 'When.';
COMMENT ON COLUMN breaker_change.by IS 'The worker that changed it, or the operator.';

UPDATE event SET metadata = metadata || '{"error": "BadPayload"}'
WHERE status = 'failed' AND error_message LIKE 'event % was refused, nothing was done: %';
