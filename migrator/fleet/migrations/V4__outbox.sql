-- Outbox: events that an application stores in its own transaction, and that the relay sends.

ALTER TABLE event
    ADD COLUMN position bigint UNIQUE,
    ADD COLUMN subject text,
    ADD COLUMN sent_at timestamptz,
    ADD COLUMN sends integer NOT NULL DEFAULT 0,
    ALTER COLUMN max_retries DROP NOT NULL,
    ALTER COLUMN max_retries DROP DEFAULT;
CREATE SEQUENCE event_position OWNED BY event.position;
CREATE INDEX event_unsent ON event (array_position(ARRAY['critical', 'high', 'normal', 'low'], priority), position)
    WHERE position IS NOT NULL AND sent_at IS NULL AND status = 'pending';
CREATE INDEX event_under_way ON event (subject, position)
    WHERE subject IS NOT NULL AND status NOT IN ('completed', 'failed');
CREATE INDEX event_of_subject ON event (subject, position) WHERE subject IS NOT NULL;
COMMENT ON COLUMN event.position IS 'Its place in the outbox, in the order of publishing; null when it came by a message.';
COMMENT ON COLUMN event.subject IS 'Whom it is about, as in tenant:7; published events of one subject are sent one after the other.';
COMMENT ON COLUMN event.sent_at IS 'When the relay last gave it to the broker; null before that, and when it came by a message.';
COMMENT ON COLUMN event.sends IS 'How often the relay gave it to the broker.';
COMMENT ON COLUMN event.max_retries IS 'How often it may be tried again; null until a worker has taken it up and knows.';

CREATE VIEW sendable AS
SELECT event.id, event.type, event.priority, event.payload, event.subject, event.position,
       greatest(event.created_at, event.scheduled_at) AS due_at
FROM event
WHERE event.position IS NOT NULL AND event.sent_at IS NULL AND event.status = 'pending'
  AND (event.scheduled_at IS NULL OR event.scheduled_at <= clock_timestamp())
  AND NOT EXISTS (
      SELECT FROM event AS other
      WHERE other.subject = event.subject AND other.id <> event.id AND other.status NOT IN ('completed', 'failed')
        AND (other.sent_at IS NOT NULL OR (other.position < event.position
             AND (other.scheduled_at IS NULL OR other.scheduled_at <= clock_timestamp()))))
  AND NOT EXISTS (
      SELECT FROM event AS other
      WHERE event.subject LIKE 'tenant:%' AND other.subject = 'database:' || (event.payload ->> 'database_id')
        AND other.type = 'database.created' AND other.position < event.position
        AND other.status NOT IN ('completed', 'failed')
        AND NOT EXISTS (SELECT FROM database WHERE database.id = event.payload ->> 'database_id'));
COMMENT ON VIEW sendable IS
    'Published events that may be sent now. An event waits while another one of its subject is under way, and for those '
    'that were published before it and are due; a tenant''s also for its database while that is about to be registered.';
COMMENT ON COLUMN sendable.id IS 'The event.';
COMMENT ON COLUMN sendable.type IS 'Its type.';
COMMENT ON COLUMN sendable.priority IS 'Its priority.';
COMMENT ON COLUMN sendable.payload IS 'Its payload.';
COMMENT ON COLUMN sendable.subject IS 'Its subject.';
COMMENT ON COLUMN sendable.position IS 'Its place in the outbox.';
COMMENT ON COLUMN sendable.due_at IS 'When it was published, or when its time came.';

CREATE TABLE event_type (
    name text PRIMARY KEY,
    priority text NOT NULL CHECK (priority IN ('critical', 'high', 'normal', 'low')),
    subject text
);
COMMENT ON TABLE event_type IS 'The types of events that may be published.';
COMMENT ON COLUMN event_type.name IS 'As in tenant.created.';
COMMENT ON COLUMN event_type.priority IS 'How urgent such an event is unless its publisher says otherwise.';
COMMENT ON COLUMN event_type.subject IS 'The kind of subject, whose id is the field of that name with _id in the payload; null for none.';
INSERT INTO event_type (name, priority, subject) VALUES
    ('database.created', 'high', 'database'),
    ('database.updated', 'normal', 'database'),
    ('database.deleted', 'normal', 'database'),
    ('tenant.created', 'high', 'tenant'),
    ('tenant.updated', 'normal', 'tenant'),
    ('tenant.deleted', 'normal', 'tenant'),
    ('maintenance.scheduled', 'low', NULL),
    ('migration.requested', 'normal', NULL),
    ('rollback.requested', 'critical', NULL);

CREATE FUNCTION publish(
    type text,
    payload jsonb,
    id text DEFAULT NULL,
    priority text DEFAULT NULL,
    scheduled_at timestamptz DEFAULT NULL,
    correlation_id text DEFAULT NULL,
    triggered_by text DEFAULT NULL,
    metadata jsonb DEFAULT NULL,
    max_retries integer DEFAULT NULL
) RETURNS text
LANGUAGE plpgsql
SECURITY DEFINER
AS $publish$
#variable_conflict use_column
DECLARE
    known event_type;
    new_id text := coalesce(publish.id, gen_random_uuid()::text);
    stored text;
    mistake text;
BEGIN
    SELECT * INTO known FROM event_type WHERE name = publish.type;
    mistake := CASE
        WHEN known.name IS NULL THEN format('there is no event type %L; there are: %s',
            publish.type, (SELECT string_agg(name, ', ' ORDER BY name) FROM event_type))
        WHEN jsonb_typeof(publish.payload) IS DISTINCT FROM 'object' THEN 'its payload is not a JSON object'
        WHEN jsonb_typeof(coalesce(publish.metadata, '{}')) <> 'object' THEN 'its metadata is not a JSON object'
        WHEN length(new_id) NOT BETWEEN 1 AND 200 OR new_id ~ '[[:cntrl:]]'
            THEN 'its id is not 1 to 200 printable characters'
        WHEN publish.priority NOT IN ('critical', 'high', 'normal', 'low')
            THEN format('there is no priority %L; there are: critical, high, normal, low', publish.priority)
        WHEN publish.max_retries NOT BETWEEN 0 AND 100 THEN 'max_retries is not between 0 and 100'
    END;
    IF mistake IS NOT NULL THEN
        RAISE EXCEPTION USING
            ERRCODE = 'invalid_parameter_value',
            MESSAGE = format('event %s was refused, nothing was stored: %s', publish.type, mistake);
    END IF;

    INSERT INTO event (id, type, priority, status, payload, metadata, max_retries, correlation_id, triggered_by,
                       scheduled_at, position, subject)
    VALUES (new_id, known.name, coalesce(publish.priority, known.priority), 'pending', publish.payload,
            coalesce(publish.metadata, '{}') - 'exit_code' - 'error' - 'sent_again',
            publish.max_retries, publish.correlation_id, coalesce(publish.triggered_by, session_user),
            publish.scheduled_at, nextval('event_position'),
            known.subject || ':' || (publish.payload ->> (known.subject || '_id')))
    ON CONFLICT (id) DO NOTHING;
    IF FOUND THEN
        PERFORM pg_notify('migrator_outbox', '');
        RETURN new_id;
    END IF;

    SELECT event.type INTO stored FROM event WHERE event.id = new_id;
    IF stored <> known.name THEN
        RAISE EXCEPTION USING
            ERRCODE = 'invalid_parameter_value',
            MESSAGE = format('event %s was refused, nothing was stored: its id %s belongs to an event of type %s',
                             known.name, new_id, stored);
    END IF;
    RETURN new_id;
END
$publish$;
COMMENT ON FUNCTION publish IS
    'Stores an event in the caller''s transaction and returns its id; the same id again stores nothing. The relay sends it.';
REVOKE ALL ON FUNCTION publish FROM PUBLIC;

-- An end lets the next event of its subject go: the relay need not wait for its next look.
CREATE FUNCTION wake_relay() RETURNS trigger
LANGUAGE plpgsql
AS $wake$
BEGIN
    PERFORM pg_notify('migrator_outbox', '')
    WHERE EXISTS (SELECT FROM event
                  WHERE event.subject = NEW.subject AND event.status NOT IN ('completed', 'failed'));
    RETURN NULL;
END
$wake$;
COMMENT ON FUNCTION wake_relay IS 'Wakes the relay when an event of a subject has ended and another one waits behind it.';
CREATE TRIGGER event_ended
    AFTER UPDATE OF status ON event
    FOR EACH ROW
    WHEN (NEW.subject IS NOT NULL AND NEW.status IN ('completed', 'failed') AND OLD.status <> NEW.status)
    EXECUTE FUNCTION wake_relay();

-- The caller's temporary tables must not be taken for ours, so their schema comes last.
DO $path$
BEGIN
    EXECUTE format('ALTER FUNCTION publish SET search_path = %I, pg_temp', current_schema());
    EXECUTE format('ALTER FUNCTION wake_relay SET search_path = %I, pg_temp', current_schema());
END
$path$;
