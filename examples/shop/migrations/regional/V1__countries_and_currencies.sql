CREATE TABLE currencies (
    code   text PRIMARY KEY CHECK (length(code) = 3),
    name   text NOT NULL,
    digits smallint NOT NULL DEFAULT 2
);

CREATE TABLE countries (
    code     text PRIMARY KEY CHECK (length(code) = 2),
    name     text NOT NULL,
    currency text NOT NULL REFERENCES currencies (code)
);

CREATE INDEX countries_currency ON countries (currency);

INSERT INTO currencies (code, name, digits) VALUES
    ('EUR', 'Euro', 2), ('GBP', 'Pound sterling', 2), ('JPY', 'Yen', 0), ('USD', 'US dollar', 2);

INSERT INTO countries (code, name, currency) VALUES
    ('AT', 'Austria', 'EUR'), ('DE', 'Germany', 'EUR'), ('FR', 'France', 'EUR'),
    ('GB', 'United Kingdom', 'GBP'), ('JP', 'Japan', 'JPY'), ('US', 'United States', 'USD');
