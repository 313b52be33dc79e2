-- Deploy flipr:flips to pg

BEGIN;

ALTER TABLE flips ADD COLUMN said_at TIMESTAMPTZ NOT NULL DEFAULT now();

COMMIT;
