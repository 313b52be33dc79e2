-- migrate:up
ALTER TABLE articles ADD COLUMN published_at timestamptz;

-- migrate:down
ALTER TABLE articles DROP COLUMN published_at;
