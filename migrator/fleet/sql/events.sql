-- receive_event --
-- Stores an event that is new; returns nothing when the id is known.
INSERT INTO event (id, type, priority, status, payload, max_retries, triggered_by, correlation_id, processed_at)
VALUES (:id, :type, :priority, 'processing', CAST(:payload AS jsonb), :max_retries, :triggered_by,
        :correlation_id, now())
ON CONFLICT (id) DO NOTHING
RETURNING id;

-- event --
SELECT * FROM event WHERE id = :id;

-- take_up_event --
UPDATE event SET status = 'processing', processed_at = now(), retry_count = greatest(retry_count, :retry_count)
WHERE id = :id AND status NOT IN ('completed', 'failed');

-- retry_event --
UPDATE event SET status = 'retrying', retry_count = retry_count + 1, error_message = :error_message
WHERE id = :id AND status NOT IN ('completed', 'failed');

-- complete_event --
UPDATE event
SET status = 'completed', report = CAST(:report AS jsonb), error_message = NULL, completed_at = now()
WHERE id = :id AND status NOT IN ('completed', 'failed');

-- fail_event --
UPDATE event
SET status = 'failed', report = CAST(:report AS jsonb), error_message = :error_message, completed_at = now()
WHERE id = :id AND status NOT IN ('completed', 'failed');

-- events --
SELECT * FROM event
WHERE CAST(:status AS text) IS NULL OR status = :status
ORDER BY created_at DESC
LIMIT :most;

-- stranded_events --
-- Taken up long ago, not waiting for an execution, and not ended: their message may have been lost.
SELECT event.id, event.type, event.priority
FROM event
LEFT JOIN execution ON execution.id = event.id
WHERE event.status IN ('processing', 'retrying')
  AND execution.id IS NULL
  AND event.processed_at < now() - :patience * interval '1 second'
ORDER BY event.processed_at
LIMIT 100;
