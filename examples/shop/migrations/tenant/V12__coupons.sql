CREATE TABLE coupons (
    code        text PRIMARY KEY CHECK (code = upper(code)),
    percent_off smallint NOT NULL CHECK (percent_off BETWEEN 1 AND 100),
    valid_from  date NOT NULL DEFAULT current_date,
    valid_until date,
    CHECK (valid_until >= valid_from)
);

ALTER TABLE orders
    ADD COLUMN coupon text REFERENCES coupons (code),
    ADD COLUMN discount_cents bigint NOT NULL DEFAULT 0 CHECK (discount_cents >= 0);

CREATE INDEX orders_coupon ON orders (coupon) WHERE coupon IS NOT NULL;
