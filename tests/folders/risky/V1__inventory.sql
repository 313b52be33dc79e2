CREATE EXTENSION IF NOT EXISTS pg_trgm;
CREATE TABLE inventory (id uuid, name text, seen_at timestamptz);
CREATE INDEX inventory_name ON inventory (name);
INSERT INTO inventory VALUES (gen_random_uuid(), 'first', current_timestamp);
