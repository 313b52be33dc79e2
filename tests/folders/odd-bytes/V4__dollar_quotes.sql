DO $body$
BEGIN
    -- $$ in here ends nothing; neither does ';'
    EXECUTE $$ ALTER TABLE readings ADD COLUMN note text $$;
END
$body$