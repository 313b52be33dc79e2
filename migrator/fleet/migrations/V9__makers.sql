-- Where a template is being made: whoever made it may be lost together with the message that asked for it, and its
-- scratch schemas are there.

ALTER TABLE template ADD COLUMN database_id text;
COMMENT ON COLUMN template.database_id IS 'Where it was last begun; the scratch schemas of a maker that was lost are there.';
