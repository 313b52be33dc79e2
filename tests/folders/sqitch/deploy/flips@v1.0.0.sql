-- Deploy flipr:flips to pg

BEGIN;

CREATE TABLE flips (nickname TEXT NOT NULL REFERENCES members, body TEXT NOT NULL);

COMMIT;
