CREATE TYPE payment_state AS ENUM ('authorised', 'captured', 'refunded', 'declined');

CREATE TABLE payment_methods (
    code  text PRIMARY KEY,
    label text NOT NULL
);

INSERT INTO payment_methods (code, label) VALUES
    ('card', 'Credit or debit card'),
    ('transfer', 'Bank transfer'),
    ('invoice', 'Pay within 14 days');

CREATE TABLE payments (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    order_id     bigint NOT NULL REFERENCES orders (id),
    method       text NOT NULL REFERENCES payment_methods (code),
    state        payment_state NOT NULL DEFAULT 'authorised',
    amount_cents bigint NOT NULL CHECK (amount_cents > 0),
    reference    text,
    created_at   timestamptz NOT NULL DEFAULT now()
);

CREATE INDEX payments_order ON payments (order_id);
CREATE UNIQUE INDEX payments_captured_once ON payments (order_id) WHERE state = 'captured';
