-- +goose Up
CREATE TABLE stock_log (sku text NOT NULL REFERENCES stock, changed_at timestamptz NOT NULL DEFAULT now());

-- +goose Down
DROP TABLE stock_log;
