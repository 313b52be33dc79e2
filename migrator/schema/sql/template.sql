-- is_fresh --
-- Whether a schema has nothing but our own, empty history.
SELECT NOT EXISTS (SELECT FROM pg_class
                   WHERE relnamespace = to_regnamespace({schema_name})
                     AND oid <> to_regclass({history_name})
                     AND oid NOT IN (SELECT indexrelid FROM pg_index WHERE indrelid = to_regclass({history_name})))
   AND NOT EXISTS (SELECT FROM pg_proc WHERE pronamespace = to_regnamespace({schema_name}))
   AND NOT EXISTS (SELECT FROM pg_type
                   WHERE typnamespace = to_regnamespace({schema_name}) AND typrelid = 0 AND typelem = 0);

-- provisioned --
-- History of a schema that was made from a template: the rows that a replay leaves, told apart by installed_by.
INSERT INTO {schema}.{history}
    (installed_rank, version, description, type, script, checksum, installed_by, execution_time, success)
SELECT made.number, made.version, made.description, made.type, made.script, made.checksum::integer,
       left(session_user, 85) || ' by template', 0, true
FROM (VALUES {rows}) AS made (number, version, description, script, checksum, type);
COMMENT ON TABLE {schema}.{history} IS {mark};
COMMIT;
RESET ALL;
