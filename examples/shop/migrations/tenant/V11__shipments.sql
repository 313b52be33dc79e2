CREATE TABLE shipments (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    order_id     bigint NOT NULL REFERENCES orders (id),
    warehouse    text NOT NULL REFERENCES warehouses (code),
    carrier      text NOT NULL,
    tracking     text,
    shipped_at   timestamptz,
    delivered_at timestamptz,
    CONSTRAINT shipments_in_order CHECK (delivered_at >= shipped_at)
);

CREATE INDEX shipments_order ON shipments (order_id);
CREATE UNIQUE INDEX shipments_tracking ON shipments (carrier, tracking) WHERE tracking IS NOT NULL;
