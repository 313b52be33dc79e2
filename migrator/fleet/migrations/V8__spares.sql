-- Spares: schemas that are made before anybody needs them, and renamed when a tenant comes.

ALTER TABLE database ADD COLUMN spares integer CHECK (spares >= 0);
COMMENT ON COLUMN database.spares IS 'How many spare schemas are kept ready in it; null takes the setting.';

ALTER TABLE template ADD COLUMN names_schema text;
COMMENT ON COLUMN template.names_schema IS 'Where a schema made from it says its own name as text, so that it cannot be renamed; empty for nowhere, null while nobody looked.';

CREATE TABLE pool (
    database_id text PRIMARY KEY REFERENCES database (id),
    digest text,
    refusal text,
    holder text,
    lease_until timestamptz,
    tended_at timestamptz,
    asked_at timestamptz,
    CHECK ((holder IS NULL) = (lease_until IS NULL))
);
COMMENT ON TABLE pool IS 'The spares of each database as a whole: who looks after them, and why there are none.';
COMMENT ON COLUMN pool.database_id IS 'The database.';
COMMENT ON COLUMN pool.digest IS 'Of the folder''s state that its spares were last to have.';
COMMENT ON COLUMN pool.refusal IS 'Why there can be no spares of that state, or not as many as wanted; null when all is well.';
COMMENT ON COLUMN pool.holder IS 'Who looks after it now.';
COMMENT ON COLUMN pool.lease_until IS 'Somebody else may from then on.';
COMMENT ON COLUMN pool.tended_at IS 'When it was last looked after to the end.';
COMMENT ON COLUMN pool.asked_at IS 'When upkeep last asked for that.';

CREATE TABLE spare (
    database_id text NOT NULL REFERENCES database (id),
    schema_name text NOT NULL,
    state text NOT NULL CHECK (state IN ('making', 'ready', 'taken', 'failed')),
    holder text,
    digest text,
    version text,
    fingerprint text,
    stamp text,
    rank integer,
    reason text,
    made_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    changed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (database_id, schema_name),
    CHECK (state <> 'ready' OR (digest IS NOT NULL AND fingerprint IS NOT NULL AND stamp IS NOT NULL AND rank IS NOT NULL)),
    CHECK ((state IN ('making', 'taken')) = (holder IS NOT NULL)),
    CHECK (state <> 'failed' OR reason IS NOT NULL)
);
COMMENT ON TABLE spare IS 'Schemas that stand ready for tenants to come; the row goes when a tenant has the schema.';
COMMENT ON COLUMN spare.database_id IS 'The database.';
COMMENT ON COLUMN spare.schema_name IS 'What it is called until it is taken.';
COMMENT ON COLUMN spare.state IS 'Where it stands.';
COMMENT ON COLUMN spare.holder IS 'Who makes it, or the execution that takes it.';
COMMENT ON COLUMN spare.digest IS 'Of the folder''s state that it has.';
COMMENT ON COLUMN spare.version IS 'The newest version in it.';
COMMENT ON COLUMN spare.fingerprint IS 'Of its catalog, when it was last verified: that of the template.';
COMMENT ON COLUMN spare.stamp IS 'Which transactions wrote its catalog, at that moment; asked again when it is taken.';
COMMENT ON COLUMN spare.rank IS 'The newest rank of its history.';
COMMENT ON COLUMN spare.reason IS 'Why it is not to be taken.';
COMMENT ON COLUMN spare.made_at IS 'When its making began.';
COMMENT ON COLUMN spare.changed_at IS 'When its state last changed.';
