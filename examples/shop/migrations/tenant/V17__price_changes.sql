-- Since the omnibus directive a discount must name the lowest price of the last 30 days.
CREATE TABLE price_changes (
    product_id  bigint NOT NULL REFERENCES products (id) ON DELETE CASCADE,
    changed_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
    price_cents bigint NOT NULL,
    PRIMARY KEY (product_id, changed_at)
);

INSERT INTO price_changes (product_id, changed_at, price_cents)
SELECT id, created_at, price_cents FROM products;
