CREATE TABLE customers (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    email      text NOT NULL CONSTRAINT customers_email_has_at CHECK (position('@' IN email) > 1),
    full_name  text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
);

-- One account per mailbox, however it is capitalised.
CREATE UNIQUE INDEX customers_email_once ON customers (lower(email));
