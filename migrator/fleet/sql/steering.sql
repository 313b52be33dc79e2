-- note_action --
INSERT INTO action (execution_id, action, by, note) VALUES (:execution_id, :action, :by, :note);

-- actions --
SELECT * FROM action WHERE execution_id = :id ORDER BY id;
