-- add --
-- History rows for what nobody ran just now; their ranks are given, because the schema's lock is held.
INSERT INTO {schema}.{history}
    (installed_rank, version, description, type, script, checksum, installed_by, execution_time, success)
SELECT added.installed_rank::integer,
       added.version,
       added.description,
       added.type,
       added.script,
       added.checksum::integer,  -- a column of nulls alone would be text
       session_user,
       0,
       true
FROM (VALUES {rows}) AS added (installed_rank, version, description, type, script, checksum);

-- realign --
-- What the folder says about rows that stay where they are.
UPDATE {schema}.{history} AS applied
SET description = folder.description,
    type = folder.type,
    checksum = folder.checksum::integer
FROM (VALUES {rows}) AS folder (installed_rank, description, type, checksum)
WHERE applied.installed_rank = folder.installed_rank;

-- forget --
DELETE FROM {schema}.{history} WHERE installed_rank IN ({ranks});
