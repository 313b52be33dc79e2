-- Revert flipr:appschema from pg

BEGIN;

DROP TABLE members;

COMMIT;
