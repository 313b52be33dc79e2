DO $$
BEGIN
    IF NOT EXISTS (
        SELECT FROM information_schema.columns
        WHERE table_name = 'inventory' AND column_name = 'price'
    ) THEN
        ALTER TABLE inventory ADD COLUMN price numeric;
    END IF;
    IF EXISTS (SELECT FROM pg_tables WHERE tablename = 'old' AND schemaname = current_schema()) THEN
        DROP TABLE old;
    END IF;
END $$;
