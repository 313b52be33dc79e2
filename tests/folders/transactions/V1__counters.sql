CREATE TABLE counters (name text PRIMARY KEY, value bigint NOT NULL);
INSERT INTO counters VALUES ('first', 1);
COMMIT;
VACUUM counters;
BEGIN;
INSERT INTO counters VALUES ('second', 2);
