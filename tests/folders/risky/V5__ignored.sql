-- migrator: ignore=long-statement, ignore=long-statment
CREATE INDEX inventory_id ON inventory (id);
