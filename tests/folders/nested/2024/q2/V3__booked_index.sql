-- migrator: timeout=2min
CREATE INDEX ledger_open ON ledger (id) WHERE NOT booked;
