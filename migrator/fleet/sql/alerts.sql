-- lock_rules --
-- One at a time holds the rules against the ledger; who comes later sees what the one before it wrote.
SET LOCAL lock_timeout = '5s';
SELECT pg_advisory_xact_lock(hashtextextended('migrator rules', 0)), clock_timestamp() AS now;

-- open_alerts --
SELECT * FROM alert WHERE resolved_at IS NULL ORDER BY id;

-- fire_alert --
-- Returns nothing when it is open already.
INSERT INTO alert (rule, key, severity, sentence, facts, first_at, last_at)
VALUES (:rule, :key, :severity, :sentence, CAST(:facts AS jsonb), :now, :now)
ON CONFLICT (rule, key) WHERE resolved_at IS NULL DO NOTHING
RETURNING id;

-- keep_alert --
-- Its cause is still there, or there again.
UPDATE alert
SET severity = :severity, sentence = :sentence, facts = CAST(:facts AS jsonb), last_at = :now, calm_since = NULL,
    times = times + CAST(calm_since IS NOT NULL AS integer)
WHERE id = :id AND resolved_at IS NULL;

-- calm_alert --
UPDATE alert SET calm_since = :now WHERE id = :id AND resolved_at IS NULL AND calm_since IS NULL;

-- resolve_alert --
UPDATE alert SET resolved_at = :now, calm_since = NULL WHERE id = :id AND resolved_at IS NULL;

-- silence_alert --
UPDATE alert
SET silenced_until = clock_timestamp() + :seconds * interval '1 second', silenced_by = :by, silenced_because = :because,
    round = round + 1
WHERE id = :id AND resolved_at IS NULL
RETURNING silenced_until;

-- unsilence_alert --
UPDATE alert SET silenced_until = clock_timestamp(), silenced_by = :by
WHERE id = :id AND resolved_at IS NULL AND silenced_until > clock_timestamp();

-- note_alert --
INSERT INTO alert_change (alert_id, change, by, note) VALUES (:alert_id, :change, :by, :note);

-- alert --
SELECT * FROM alert WHERE id = :id;

-- alerts --
SELECT * FROM alert WHERE :all OR resolved_at IS NULL ORDER BY resolved_at IS NOT NULL, id DESC LIMIT :most;

-- alert_changes --
SELECT change, at, by, note FROM alert_change WHERE alert_id = :id ORDER BY id;
