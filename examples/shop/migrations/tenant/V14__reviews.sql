CREATE TABLE reviews (
    product_id  bigint NOT NULL REFERENCES products (id) ON DELETE CASCADE,
    customer_id bigint NOT NULL REFERENCES customers (id),
    rating      smallint NOT NULL CHECK (rating BETWEEN 1 AND 5),
    body        text,
    approved    boolean NOT NULL DEFAULT false,
    written_at  timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (product_id, customer_id)
);

CREATE INDEX reviews_shown ON reviews (product_id, written_at DESC) WHERE approved;
