-- note_breaker --
INSERT INTO breaker_change (database_id, state, reason, by) VALUES (:database_id, :state, :reason, :by);

-- breakers --
-- The last change of each database that ever had one.
SELECT database.id AS database_id, last.state, last.reason, last.at, last.by
FROM database
CROSS JOIN LATERAL (
    SELECT * FROM breaker_change WHERE breaker_change.database_id = database.id ORDER BY id DESC LIMIT 1) AS last
ORDER BY database.id;

-- breakers_of_execution --
-- The databases of an execution whose breaker is not closed.
SELECT concerned.database_id, last.state, last.reason, last.at
FROM (SELECT DISTINCT database_id FROM outcome WHERE execution_id = :id) AS concerned
CROSS JOIN LATERAL (
    SELECT * FROM breaker_change WHERE breaker_change.database_id = concerned.database_id ORDER BY id DESC LIMIT 1)
    AS last
WHERE last.state <> 'closed'
ORDER BY concerned.database_id;
