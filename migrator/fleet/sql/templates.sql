-- template --
SELECT * FROM template WHERE digest = :digest AND server = :server AND made_at IS NOT NULL;

-- claim_template --
-- Returns nothing when it is made already, or somebody is at it.
INSERT INTO template (digest, server, version, database_id, claimed_until)
VALUES (:digest, :server, :version, :database_id, clock_timestamp() + :seconds * interval '1 second')
ON CONFLICT (digest, server) DO UPDATE
SET claimed_until = EXCLUDED.claimed_until, version = EXCLUDED.version, database_id = EXCLUDED.database_id
WHERE template.made_at IS NULL AND (coalesce(template.claimed_until < clock_timestamp(), true) OR :again)
RETURNING digest;

-- renew_template --
UPDATE template SET claimed_until = clock_timestamp() + :seconds * interval '1 second'
WHERE digest = :digest AND server = :server AND made_at IS NULL;

-- leave_template --
-- Whoever made it gives up, and has nothing left behind.
UPDATE template SET claimed_until = NULL WHERE digest = :digest AND server = :server AND made_at IS NULL;

-- take_lost_templates --
-- Those whose maker was lost; whoever gets them asks for them again, so nobody else gets them.
UPDATE template SET claimed_until = NULL
WHERE made_at IS NULL AND claimed_until < clock_timestamp() AND database_id IS NOT NULL
RETURNING database_id, version;

-- keep_template --
UPDATE template
SET version = :version, body = :body, fingerprint = :fingerprint, reason = :reason, claimed_until = NULL,
    made_at = clock_timestamp()
WHERE digest = :digest AND server = :server;

-- note_names --
UPDATE template SET names_schema = :names_schema WHERE digest = :digest AND server = :server;
