-- +goose NO TRANSACTION
-- +goose Up
CREATE INDEX CONCURRENTLY stock_amount ON stock (amount);

-- +goose Down
DROP INDEX CONCURRENTLY stock_amount;
