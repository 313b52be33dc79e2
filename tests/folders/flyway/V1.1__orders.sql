CREATE TYPE order_state AS ENUM ('open', 'paid');

CREATE TABLE orders (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    customer_id bigint NOT NULL REFERENCES customers,
    state order_state NOT NULL DEFAULT 'open',
    total_cents bigint NOT NULL
);
CREATE INDEX orders_customer ON orders (customer_id);
