-- +goose Up
CREATE TABLE stock (sku text PRIMARY KEY, amount int NOT NULL);

-- +goose StatementBegin
CREATE FUNCTION stock_check() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.amount < 0 THEN
        RAISE EXCEPTION 'out of stock: %', NEW.sku;
    END IF;
    RETURN NEW;
END;
$$;
-- +goose StatementEnd

CREATE TRIGGER stock_check BEFORE INSERT OR UPDATE ON stock FOR EACH ROW EXECUTE FUNCTION stock_check();

-- +goose Down
DROP TABLE stock;
DROP FUNCTION stock_check();
