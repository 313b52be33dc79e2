-- prepare_lanes --
-- Makes the slots of a database up to its budget.
INSERT INTO lane (database_id, slot)
SELECT :database_id, slot FROM generate_series(1, :budget) AS slot
ON CONFLICT DO NOTHING;

-- take_lane --
-- Takes a free slot up to :highest; those above :bulk are kept for single targets, who take others when they are taken.
WITH free AS (
    SELECT database_id, slot
    FROM lane
    WHERE database_id = :database_id AND slot <= :highest
      AND (lease_until IS NULL OR lease_until <= clock_timestamp())
    ORDER BY slot <= :bulk, slot
    LIMIT 1
    FOR UPDATE SKIP LOCKED
)
UPDATE lane
SET holder = :holder, lease_until = clock_timestamp() + :seconds * interval '1 second'
FROM free
WHERE lane.database_id = free.database_id AND lane.slot = free.slot
RETURNING lane.slot;

-- renew_lane --
UPDATE lane SET lease_until = clock_timestamp() + :seconds * interval '1 second'
WHERE database_id = :database_id AND holder = :holder;

-- leave_lane --
UPDATE lane SET holder = NULL, lease_until = NULL WHERE database_id = :database_id AND holder = :holder;

-- lanes_taken --
SELECT count(*) AS taken FROM lane WHERE database_id = :database_id AND lease_until > clock_timestamp();
