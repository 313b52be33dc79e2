CREATE TYPE order_status AS ENUM ('cart', 'placed', 'paid', 'packed', 'shipped', 'cancelled');

CREATE TABLE orders (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    customer_id bigint NOT NULL REFERENCES customers (id),
    status      order_status NOT NULL DEFAULT 'cart',
    currency    text NOT NULL DEFAULT 'EUR' CHECK (length(currency) = 3),
    placed_at   timestamptz,
    created_at  timestamptz NOT NULL DEFAULT now(),
    updated_at  timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT orders_placed_has_date CHECK (status IN ('cart', 'cancelled') OR placed_at IS NOT NULL)
);

CREATE TABLE order_lines (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    order_id   bigint NOT NULL REFERENCES orders (id) ON DELETE CASCADE,
    product_id bigint NOT NULL REFERENCES products (id),
    quantity   integer NOT NULL CHECK (quantity > 0),
    unit_price numeric(10, 2) NOT NULL,
    UNIQUE (order_id, product_id)
);

CREATE INDEX orders_customer ON orders (customer_id, placed_at DESC);
CREATE INDEX order_lines_product ON order_lines (product_id);
