ALTER TABLE products
    ADD COLUMN search tsvector GENERATED ALWAYS AS (to_tsvector('english', name || ' ' || description)) STORED;

CREATE INDEX products_search ON products USING gin (search);
