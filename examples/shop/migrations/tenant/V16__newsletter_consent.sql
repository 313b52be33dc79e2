ALTER TABLE customers
    ADD COLUMN phone text,
    ADD COLUMN newsletter_since timestamptz;

COMMENT ON COLUMN customers.newsletter_since IS 'When consent was given; NULL means no consent.';
