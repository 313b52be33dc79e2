-- names_there --
-- What some schemas have of some names: schema, kind, name, the relation that it belongs to, and what a function is
-- called with. Array types that the server made by itself move out of the way, so they are left out.
WITH spaces AS (
    SELECT oid, nspname FROM pg_namespace WHERE nspname = ANY ({schemas}::text[])
)
SELECT spaces.nspname, 'relation' AS kind, relations.relname::text AS name,
       coalesce(tables.relname, owners.relname)::text AS owner, '{{}}'::text[] AS arguments
FROM spaces
JOIN pg_class AS relations ON relations.relnamespace = spaces.oid AND relations.relname = ANY ({names}::text[])
LEFT JOIN pg_index AS indexes ON indexes.indexrelid = relations.oid
LEFT JOIN pg_class AS tables ON tables.oid = indexes.indrelid
LEFT JOIN pg_depend AS owned ON relations.relkind = 'S' AND owned.classid = 'pg_class'::regclass
    AND owned.objid = relations.oid AND owned.refclassid = 'pg_class'::regclass AND owned.deptype IN ('a', 'i')
LEFT JOIN pg_class AS owners ON owners.oid = owned.refobjid
UNION ALL
SELECT spaces.nspname, 'type', types.typname::text, rows_of.relname::text, '{{}}'
FROM spaces
JOIN pg_type AS types ON types.typnamespace = spaces.oid AND types.typname = ANY ({names}::text[])
LEFT JOIN pg_class AS rows_of ON rows_of.oid = types.typrelid
WHERE NOT (types.typcategory = 'A' AND types.typname ^@ '_')
UNION ALL
SELECT spaces.nspname, 'function', functions.proname::text, NULL, arguments.names
FROM spaces
JOIN pg_proc AS functions ON functions.pronamespace = spaces.oid AND functions.proname = ANY ({names}::text[])
CROSS JOIN LATERAL (
    SELECT coalesce(array_agg(types.typname::text ORDER BY position), '{{}}') AS names
    FROM unnest(functions.proargtypes::oid[]) WITH ORDINALITY AS given (type, position)
    JOIN pg_type AS types ON types.oid = given.type
) AS arguments
ORDER BY 1, 2, 3;
