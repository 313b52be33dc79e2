-- receive_event --
-- Stores an event that is new; returns nothing when the id is known.
INSERT INTO event (id, type, priority, status, payload, max_retries, triggered_by, correlation_id, processed_at)
VALUES (:id, :type, :priority, 'processing', CAST(:payload AS jsonb), :max_retries, :triggered_by,
        :correlation_id, now())
ON CONFLICT (id) DO NOTHING
RETURNING *;

-- event --
SELECT * FROM event WHERE id = :id;

-- take_up_event --
-- What was published learns here how often it may be tried again, where its publisher did not say. A message may have
-- come back more often than that, with workers that died under it: those are no tries of the event.
UPDATE event
SET status = 'processing', processed_at = now(),
    retry_count = greatest(retry_count, least(:retry_count, coalesce(max_retries, :max_retries))),
    max_retries = coalesce(max_retries, :max_retries)
WHERE id = :id AND type = :type AND status NOT IN ('completed', 'failed');

-- schedule_event --
-- Stores an event that waits for its time; returns nothing when the id is known.
INSERT INTO event (id, type, priority, status, payload, triggered_by, scheduled_at)
VALUES (:id, :type, :priority, 'pending', CAST(:payload AS jsonb), :triggered_by, :at)
ON CONFLICT (id) DO NOTHING
RETURNING id;

-- postpone_event --
UPDATE event SET status = 'pending', scheduled_at = :at WHERE id = :id AND status IN ('pending', 'processing', 'retrying');

-- call_off_event --
UPDATE event
SET status = 'failed', error_message = :error_message, completed_at = now(),
    metadata = metadata || jsonb_build_object('error', 'CalledOff')
WHERE id = :id AND status = 'pending';

-- take_due_events --
-- Events whose time has come. Whoever gets them sends them, so they are marked as taken up and nobody else gets them.
-- Those that were published and not yet sent are the relay's, which keeps them in order.
UPDATE event
SET status = 'processing', processed_at = now()
WHERE id IN (
    SELECT id
    FROM event
    WHERE status = 'pending' AND scheduled_at <= clock_timestamp() AND (position IS NULL OR sent_at IS NOT NULL)
    ORDER BY scheduled_at
    LIMIT 100
    FOR UPDATE SKIP LOCKED)
RETURNING id, type, priority;

-- retry_event --
-- Twins may be tried again beside each other: what counts is how far the one is that was tried most often.
UPDATE event
SET status = 'retrying', retry_count = greatest(retry_count, least(:retry_count, coalesce(max_retries, :retry_count))),
    error_message = :error_message
WHERE id = :id AND type = :type AND status NOT IN ('completed', 'failed');

-- complete_event --
UPDATE event
SET status = 'completed', report = CAST(:report AS jsonb), error_message = NULL, completed_at = now()
WHERE id = :id AND status NOT IN ('completed', 'failed');

-- fail_event --
-- Not while its execution is running: that goes on whatever became of one task, and ends the event itself.
UPDATE event
SET status = 'failed',
    report = CAST(:report AS jsonb),
    error_message = :error_message,
    metadata = metadata || jsonb_build_object('exit_code', CAST(:exit_code AS integer), 'error', CAST(:error AS text)),
    completed_at = now()
WHERE id = :id AND type = :type AND status NOT IN ('completed', 'failed')
  AND NOT EXISTS (SELECT FROM execution WHERE execution.id = event.id AND execution.finished_at IS NULL);

-- events --
SELECT * FROM event
WHERE (CAST(:status AS text) IS NULL OR status = :status)
  AND (NOT :unsent OR (position IS NOT NULL AND sent_at IS NULL AND status = 'pending'))
ORDER BY created_at DESC
LIMIT :most;

-- take_stranded_events --
-- Events that were taken up long ago, have no execution and no end: their message may have been lost. Whoever gets
-- them sends them again, so they are marked as taken up now and nobody else gets them for a while.
UPDATE event
SET processed_at = now()
WHERE id IN (
    SELECT event.id
    FROM event
    LEFT JOIN execution ON execution.id = event.id
    WHERE event.status IN ('processing', 'retrying')
      AND execution.id IS NULL
      AND event.processed_at < now() - :patience * interval '1 second'
    ORDER BY event.processed_at
    LIMIT 100
    FOR UPDATE OF event SKIP LOCKED)
RETURNING id, type, priority, retry_count;

-- reopen_event --
-- An event whose execution goes on after it had failed.
UPDATE event
SET status = 'processing', completed_at = NULL, error_message = NULL, report = NULL, processed_at = now(),
    metadata = metadata - 'exit_code' - 'error'
WHERE id = :id AND status = 'failed';

-- keep_trace --
-- The context of the trace that an event belongs to; the first one stays.
UPDATE event SET metadata = metadata || jsonb_build_object('traceparent', CAST(:traceparent AS text))
WHERE id = :id AND metadata ->> 'traceparent' IS NULL;

-- kept_trace --
SELECT metadata ->> 'traceparent' AS traceparent FROM event WHERE id = :id;

-- dead_letters --
-- What failed and is kept, with the name of the error and where its execution stands, when it has one.
SELECT event.id, event.type, event.priority, event.metadata ->> 'error' AS error, execution.state AS execution_state
FROM event
LEFT JOIN execution ON execution.id = event.id
WHERE event.status = 'failed'
  AND (CAST(:id AS text) IS NULL OR event.id = :id)
  AND (CAST(:type AS text) IS NULL OR event.type = :type)
ORDER BY event.created_at, event.id;

-- revive_event --
-- A dead letter starts once more; who wanted it and what it had failed of stays with it.
UPDATE event
SET status = 'processing', completed_at = NULL, error_message = NULL, report = NULL, processed_at = now(),
    retry_count = 0,
    metadata = (metadata - 'exit_code' - 'error') || jsonb_build_object('sent_again',
        coalesce(metadata -> 'sent_again', '[]')
        || jsonb_build_array(jsonb_build_object('by', CAST(:by AS text), 'at', now(), 'failed', error_message)))
WHERE id = :id AND status = 'failed' AND NOT EXISTS (SELECT FROM execution WHERE execution.id = event.id);
