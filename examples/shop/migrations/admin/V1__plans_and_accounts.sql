CREATE TABLE plans (
    code                text PRIMARY KEY,
    label               text NOT NULL,
    monthly_price_cents bigint NOT NULL CHECK (monthly_price_cents >= 0)
);

INSERT INTO plans (code, label, monthly_price_cents) VALUES
    ('starter', 'Starter', 1900),
    ('growth', 'Growth', 7900),
    ('enterprise', 'Enterprise', 49900);

CREATE TABLE accounts (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    slug        text NOT NULL UNIQUE,
    plan        text NOT NULL REFERENCES plans (code),
    database_id text NOT NULL,
    opened_at   timestamptz NOT NULL DEFAULT now(),
    closed_at   timestamptz
);

CREATE INDEX accounts_open ON accounts (plan) WHERE closed_at IS NULL;
