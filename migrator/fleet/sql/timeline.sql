-- timeline --
-- What happened between two moments, oldest first: of each kind where it is written down. What ends later than it begins
-- is one happening with an end; what is not over has none.
SELECT happening.*
FROM (
    SELECT execution.created_at AS at, execution.finished_at AS ended_at, 'execution' AS kind, execution.state AS what,
           execution.id AS execution_id, NULL AS database_id, CAST(NULL AS bigint) AS alert_id,
           execution.requested_by AS by, execution.reason AS note,
           jsonb_build_object('work', execution.kind, 'total', execution.total, 'done', execution.done, 'failed',
                              execution.failed, 'takes_back', execution.takes_back) AS facts
    FROM execution
    WHERE execution.created_at < :until AND coalesce(execution.finished_at, :until) >= :since
    UNION ALL
    SELECT wave.sent_at, wave.ended_at, 'wave', CASE WHEN wave.is_canary THEN 'canary' ELSE 'sent' END,
           wave.execution_id, NULL, NULL, NULL, NULL,
           jsonb_build_object('wave', wave.number, 'stage', wave.stage, 'total', wave.total, 'done', wave.done,
                              'failed', wave.failed)
    FROM wave
    WHERE wave.sent_at < :until AND wave.sent_at >= :since
    UNION ALL
    SELECT action.at, NULL, 'action', action.action, action.execution_id, NULL, NULL, action.by, action.note, '{}'
    FROM action
    WHERE action.at < :until AND action.at >= :since
    UNION ALL
    SELECT CAST(sent.again ->> 'at' AS timestamptz), NULL, 'action', 'send_again', event.id, NULL, NULL,
           sent.again ->> 'by', sent.again ->> 'failed', jsonb_build_object('event', event.id, 'type', event.type)
    FROM event
    CROSS JOIN LATERAL jsonb_array_elements(event.metadata -> 'sent_again') AS sent (again)
    WHERE event.metadata ? 'sent_again' AND event.processed_at >= :since
      AND CAST(sent.again ->> 'at' AS timestamptz) < :until AND CAST(sent.again ->> 'at' AS timestamptz) >= :since
    UNION ALL
    SELECT change.at, NULL, 'breaker', change.state, NULL, change.database_id, NULL, change.by, change.reason,
           jsonb_build_object('from', coalesce((
               SELECT before.state FROM breaker_change AS before
               WHERE before.database_id = change.database_id AND before.id < change.id
               ORDER BY before.id DESC LIMIT 1), 'closed'), 'to', change.state)
    FROM breaker_change AS change
    WHERE change.at < :until AND change.at >= :since
    UNION ALL
    SELECT preflight.stopped_since, NULL, 'wait', found.name, preflight.execution_id, preflight.database_id, NULL, NULL,
           found.sentence, jsonb_build_object('wave', preflight.wave)
    FROM preflight
    CROSS JOIN LATERAL jsonb_to_recordset(preflight.checks) AS found (name text, verdict text, sentence text)
    WHERE found.verdict = 'stop' AND preflight.stopped_since < :until AND preflight.stopped_since >= :since
    UNION ALL
    SELECT change.at, NULL, 'alert', change.change, alert.facts ->> 'execution', alert.facts ->> 'database', alert.id,
           change.by, coalesce(change.note, alert.sentence),
           jsonb_build_object('rule', alert.rule, 'key', alert.key, 'severity', alert.severity)
    FROM alert_change AS change
    JOIN alert ON alert.id = change.alert_id
    WHERE change.at < :until AND change.at >= :since) AS happening
WHERE CAST(:kinds AS text[]) IS NULL OR happening.kind = ANY (CAST(:kinds AS text[]))
ORDER BY happening.at DESC, happening.kind, happening.execution_id
LIMIT :most;
