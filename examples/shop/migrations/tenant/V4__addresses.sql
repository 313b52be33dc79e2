CREATE TABLE addresses (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    customer_id bigint NOT NULL REFERENCES customers (id) ON DELETE CASCADE,
    street      text NOT NULL,
    postcode    text NOT NULL,
    city        text NOT NULL,
    country     text NOT NULL CHECK (country = upper(country) AND length(country) = 2),
    is_default  boolean NOT NULL DEFAULT false
);

CREATE INDEX addresses_customer ON addresses (customer_id);
CREATE UNIQUE INDEX addresses_one_default ON addresses (customer_id) WHERE is_default;

ALTER TABLE orders ADD COLUMN ship_to_id bigint REFERENCES addresses (id);
