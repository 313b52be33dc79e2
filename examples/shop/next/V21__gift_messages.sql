ALTER TABLE orders ADD COLUMN gift_message text;

ALTER TABLE orders ADD CONSTRAINT orders_gift_message_fits CHECK (length(gift_message) <= 300);

CREATE INDEX orders_gifts ON orders (placed_at) WHERE gift_message IS NOT NULL;
