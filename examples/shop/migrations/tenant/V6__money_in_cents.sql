-- The tax advisor's spreadsheet and ours differed by a cent once too often. Rewrites both tables.
ALTER TABLE products ALTER COLUMN price TYPE bigint USING round(price * 100)::bigint;
ALTER TABLE products RENAME COLUMN price TO price_cents;
ALTER TABLE products ADD CONSTRAINT products_price_not_negative CHECK (price_cents >= 0);

ALTER TABLE order_lines ALTER COLUMN unit_price TYPE bigint USING round(unit_price * 100)::bigint;
ALTER TABLE order_lines RENAME COLUMN unit_price TO unit_price_cents;
