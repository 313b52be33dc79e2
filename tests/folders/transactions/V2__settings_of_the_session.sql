SET lock_timeout = '2s';
SET ROLE NONE;
ALTER TABLE counters ADD COLUMN unit text;
