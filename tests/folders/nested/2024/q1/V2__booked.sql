ALTER TABLE ledger ADD COLUMN booked boolean NOT NULL DEFAULT false;
