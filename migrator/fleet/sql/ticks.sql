-- note_tick --
INSERT INTO tick (name, by) VALUES (:name, :by)
ON CONFLICT (name) DO UPDATE SET at = clock_timestamp(), by = :by;

-- claim_tick --
-- Returns nothing when somebody had it within so many seconds.
INSERT INTO tick AS last (name, by) VALUES (:name, :by)
ON CONFLICT (name) DO UPDATE SET at = clock_timestamp(), by = :by
WHERE last.at <= clock_timestamp() - :seconds * interval '1 second'
RETURNING name;

-- tick --
SELECT name, first_at, at, by, extract(epoch FROM clock_timestamp() - at) AS age,
       extract(epoch FROM clock_timestamp() - first_at) AS known
FROM tick
WHERE name = :name;
