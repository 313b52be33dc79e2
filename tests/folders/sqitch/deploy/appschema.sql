-- Deploy flipr:appschema to pg

BEGIN;

CREATE TABLE members (nickname TEXT PRIMARY KEY);

COMMIT;
