-- The packing screen filters by status alone, and orders_customer is no help there.
CREATE INDEX orders_to_pack ON orders (placed_at) WHERE status IN ('placed', 'paid');

-- The shop window shows what is on sale, cheapest first; nothing else read the old index.
DROP INDEX products_category;
CREATE INDEX products_on_sale ON products (category_id, price_cents) WHERE state = 'active';
