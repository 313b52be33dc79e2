-- Alerts: what is wrong, whom it was told to, when beat was last seen, and what the timeline needs to find quickly.

CREATE TABLE alert (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    rule text NOT NULL,
    key text NOT NULL,
    severity text NOT NULL CHECK (severity IN ('warning', 'error', 'critical')),
    sentence text NOT NULL,
    facts jsonb NOT NULL DEFAULT '{}',
    first_at timestamptz NOT NULL,
    last_at timestamptz NOT NULL,
    times integer NOT NULL DEFAULT 1 CHECK (times > 0),
    calm_since timestamptz,
    resolved_at timestamptz,
    silenced_until timestamptz,
    silenced_by text,
    silenced_because text,
    round integer NOT NULL DEFAULT 1 CHECK (round > 0),
    CHECK ((silenced_until IS NULL) = (silenced_by IS NULL))
);
CREATE UNIQUE INDEX alert_is_open_once ON alert (rule, key) WHERE resolved_at IS NULL;
CREATE INDEX alert_first ON alert (first_at);
COMMENT ON TABLE alert IS 'What is or was wrong, once for each cause.';
COMMENT ON COLUMN alert.id IS 'Grows with time.';
COMMENT ON COLUMN alert.rule IS 'The rule that found it.';
COMMENT ON COLUMN alert.key IS 'What it is about; of a rule and a key no two are open at the same time.';
COMMENT ON COLUMN alert.severity IS 'How bad it is.';
COMMENT ON COLUMN alert.sentence IS 'What happened, to what, how it is now and what to do next.';
COMMENT ON COLUMN alert.facts IS 'The same for programs.';
COMMENT ON COLUMN alert.first_at IS 'When it was found.';
COMMENT ON COLUMN alert.last_at IS 'When its cause was last seen.';
COMMENT ON COLUMN alert.times IS 'How often the cause came, the first time included; more than once: it came back before it was calm for long enough.';
COMMENT ON COLUMN alert.calm_since IS 'Since when the cause is not seen any more, while it is too early to believe that.';
COMMENT ON COLUMN alert.resolved_at IS 'When it was over; null while it is open.';
COMMENT ON COLUMN alert.silenced_until IS 'Nobody is told of it before.';
COMMENT ON COLUMN alert.silenced_by IS 'Who wanted that.';
COMMENT ON COLUMN alert.silenced_because IS 'And why.';
COMMENT ON COLUMN alert.round IS 'Grows with each silence: what is still open when one ends is told again.';

CREATE TABLE alert_change (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    alert_id bigint NOT NULL REFERENCES alert (id),
    change text NOT NULL CHECK (change IN ('fired', 'came_back', 'silenced', 'unsilenced', 'resolved')),
    at timestamptz NOT NULL DEFAULT clock_timestamp(),
    by text,
    note text
);
CREATE INDEX alert_change_of_alert ON alert_change (alert_id, id);
CREATE INDEX alert_change_at ON alert_change (at);
COMMENT ON TABLE alert_change IS 'What became of each alert, and when.';
COMMENT ON COLUMN alert_change.id IS 'Grows with time.';
COMMENT ON COLUMN alert_change.alert_id IS 'The alert.';
COMMENT ON COLUMN alert_change.change IS 'What became of it; came_back: its cause was back before the alert was resolved.';
COMMENT ON COLUMN alert_change.at IS 'When.';
COMMENT ON COLUMN alert_change.by IS 'Who did it; null where the rules did.';
COMMENT ON COLUMN alert_change.note IS 'What else there is to say of it.';

CREATE TABLE delivery (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    alert_id bigint NOT NULL REFERENCES alert (id),
    kind text NOT NULL CHECK (kind IN ('fired', 'resolved')),
    round integer NOT NULL,
    channel text NOT NULL,
    state text NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'sent', 'failed', 'dropped')),
    tries integer NOT NULL DEFAULT 0,
    error text,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    due_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    lease_until timestamptz,
    ended_at timestamptz,
    UNIQUE (alert_id, kind, round, channel),
    CHECK ((state = 'pending') = (ended_at IS NULL)),
    CHECK (state = 'pending' OR lease_until IS NULL)
);
CREATE INDEX delivery_pending ON delivery (channel, id) WHERE state = 'pending';
COMMENT ON TABLE delivery IS 'Which channel is told of which alert, and what became of it.';
COMMENT ON COLUMN delivery.id IS 'Grows with time.';
COMMENT ON COLUMN delivery.alert_id IS 'The alert.';
COMMENT ON COLUMN delivery.kind IS 'That it fired, or that it is over.';
COMMENT ON COLUMN delivery.round IS 'The round of the alert, so that each is told once.';
COMMENT ON COLUMN delivery.channel IS 'The name of the channel in the settings; its address is a secret and stands there alone.';
COMMENT ON COLUMN delivery.state IS 'Where it stands; dropped: the alert was silenced before it was sent.';
COMMENT ON COLUMN delivery.tries IS 'How often sending was begun.';
COMMENT ON COLUMN delivery.error IS 'Why the last try failed.';
COMMENT ON COLUMN delivery.created_at IS 'When it was asked for.';
COMMENT ON COLUMN delivery.due_at IS 'It is not tried before.';
COMMENT ON COLUMN delivery.lease_until IS 'Somebody is sending it; nobody else tries before.';
COMMENT ON COLUMN delivery.ended_at IS 'When it was sent, or given up.';

CREATE TABLE tick (
    name text PRIMARY KEY,
    first_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    at timestamptz NOT NULL DEFAULT clock_timestamp(),
    by text NOT NULL
);
COMMENT ON TABLE tick IS 'Signs of life of what comes again and again.';
COMMENT ON COLUMN tick.name IS 'beat: it sent upkeep. rules: they were held against the ledger. watch: a worker looked after both.';
COMMENT ON COLUMN tick.first_at IS 'When it was first seen.';
COMMENT ON COLUMN tick.at IS 'When it was last seen.';
COMMENT ON COLUMN tick.by IS 'Which machine or process it was.';

CREATE INDEX event_dead ON event (completed_at) WHERE status = 'failed';
CREATE INDEX execution_ended ON execution (finished_at) WHERE finished_at IS NOT NULL;
CREATE INDEX breaker_change_at ON breaker_change (at);
CREATE INDEX action_at ON action (at);
CREATE INDEX wave_sent ON wave (sent_at);
