CREATE TABLE transfers (
    id bigserial PRIMARY KEY,
    source int NOT NULL REFERENCES accounts (id),
    target int NOT NULL REFERENCES accounts (id),
    amount numeric(12, 2) NOT NULL CHECK (amount > 0)
);
