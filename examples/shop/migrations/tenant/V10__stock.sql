CREATE TABLE warehouses (
    code text PRIMARY KEY,
    name text NOT NULL
);

CREATE TABLE stock_levels (
    warehouse  text NOT NULL REFERENCES warehouses (code),
    product_id bigint NOT NULL REFERENCES products (id) ON DELETE CASCADE,
    on_hand    integer NOT NULL DEFAULT 0 CHECK (on_hand >= 0),
    reorder_at integer NOT NULL DEFAULT 5,
    PRIMARY KEY (product_id, warehouse)
);

CREATE INDEX stock_levels_low ON stock_levels (warehouse) WHERE on_hand <= reorder_at;

INSERT INTO warehouses (code, name) VALUES ('MAIN', 'Main warehouse');

INSERT INTO stock_levels (warehouse, product_id)
SELECT 'MAIN', id FROM products WHERE state <> 'retired';
