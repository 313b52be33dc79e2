-- template --
SELECT * FROM template WHERE digest = :digest AND server = :server AND made_at IS NOT NULL;

-- claim_template --
-- Returns nothing when it is made already, or somebody is at it.
INSERT INTO template (digest, server, claimed_until)
VALUES (:digest, :server, clock_timestamp() + :seconds * interval '1 second')
ON CONFLICT (digest, server) DO UPDATE SET claimed_until = EXCLUDED.claimed_until
WHERE template.made_at IS NULL AND (template.claimed_until < clock_timestamp() OR :again)
RETURNING digest;

-- keep_template --
UPDATE template
SET version = :version, body = :body, fingerprint = :fingerprint, reason = :reason, claimed_until = NULL,
    made_at = clock_timestamp()
WHERE digest = :digest AND server = :server;

-- note_names --
UPDATE template SET names_schema = :names_schema WHERE digest = :digest AND server = :server;
