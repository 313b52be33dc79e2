CREATE INDEX inventory_seen ON inventory (seen_at);
ALTER TABLE inventory ADD COLUMN token uuid NOT NULL DEFAULT gen_random_uuid();
ALTER TABLE inventory ALTER COLUMN name SET NOT NULL;
UPDATE inventory SET price = 0;
CREATE INDEX CONCURRENTLY inventory_price ON inventory (price);
