CREATE TABLE exchange_rates (
    currency text NOT NULL REFERENCES currencies (code),
    valid_on date NOT NULL,
    per_euro numeric(14, 6) NOT NULL CHECK (per_euro > 0),
    PRIMARY KEY (currency, valid_on)
);

CREATE INDEX exchange_rates_day ON exchange_rates (valid_on);
