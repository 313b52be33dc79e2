-- Customers could count our orders from the numbers in the links we mailed them.
ALTER TABLE orders ADD COLUMN public_id uuid NOT NULL DEFAULT gen_random_uuid();

CREATE UNIQUE INDEX orders_public_id ON orders (public_id);
