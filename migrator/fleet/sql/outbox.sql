-- take_unsent_events --
-- Events that may be sent now, most urgent first, then in the order of publishing. Whoever gets them keeps their rows
-- locked until the transaction ends, and other relays pass them by.
SELECT id, type, priority, payload,
       (SELECT metadata ->> 'traceparent' FROM event WHERE event.id = sendable.id) AS traceparent
FROM sendable
WHERE type = ANY (:types) AND due_at <= clock_timestamp() - :age * interval '1 second'
ORDER BY array_position(ARRAY['critical', 'high', 'normal', 'low'], priority), position
LIMIT :most
FOR NO KEY UPDATE SKIP LOCKED;

-- listen_for_events --
-- What publish() notifies, and the end of an event that another one waits for.
LISTEN migrator_outbox;

-- limit_relay --
-- A relay whose machine is gone must not hold its events for as long as TCP believes in it.
SELECT set_config('idle_in_transaction_session_timeout', CAST(:seconds AS text) || 's', true);

-- mark_sent --
UPDATE event SET sent_at = clock_timestamp(), sends = sends + 1 WHERE id = ANY (:ids);

-- refuse_event --
-- A published event whose payload is wrong. What is no field of its type is not kept: it may be a secret.
UPDATE event
SET status = 'failed', error_message = :error_message, completed_at = now(), payload = CAST(:payload AS jsonb),
    metadata = metadata || jsonb_build_object('exit_code', CAST(:exit_code AS integer), 'error', CAST(:error AS text))
WHERE id = :id AND status = 'pending';

-- unsend_lost_events --
-- Sent, and taken up by no worker for so long that the message may be lost: they are unsent once more. Each time it
-- takes twice as long, because a message may as well lie in a long queue. What was postponed waits for its own time.
UPDATE event SET sent_at = NULL
WHERE id IN (
    SELECT id
    FROM event
    WHERE status = 'pending' AND position IS NOT NULL
      AND sent_at < clock_timestamp() - :patience * interval '1 second' * 2 ^ least(sends - 1, 6)
      AND (scheduled_at IS NULL OR scheduled_at <= sent_at)
    ORDER BY position
    LIMIT 1000
    FOR NO KEY UPDATE SKIP LOCKED)
RETURNING id, type;

-- relay_lag --
-- Seconds since the first of those that may be sent now could have been sent: since it was published, since its time
-- came, or since the one before it ended. Null when there is none.
SELECT extract(epoch FROM clock_timestamp() - min(greatest(due_at, (
           SELECT earlier.completed_at
           FROM event AS earlier
           WHERE earlier.subject = sendable.subject AND earlier.position < sendable.position
           ORDER BY earlier.position DESC
           LIMIT 1)))) AS seconds
FROM sendable;
