-- What one schema consists of, a line for each thing; tables in which a lane keeps its own books are left out.
WITH space AS (
    SELECT oid FROM pg_namespace WHERE nspname = %(schema)s
), own AS (
    SELECT pg_class.oid, relname, relkind
    FROM pg_class JOIN space ON space.oid = relnamespace
    WHERE relname <> ALL (%(books)s)
)
SELECT format('relation %%s %%s', relkind, relname) AS line
FROM own
WHERE relkind NOT IN ('i', 'I')
UNION ALL
SELECT format('column %%s.%%s %%s %%s identity %%s generated %%s null %%s default %%s', relname, attname, attnum,
              format_type(atttypid, atttypmod), attidentity, attgenerated, NOT attnotnull,
              pg_get_expr(adbin, adrelid))
FROM own
JOIN pg_attribute ON attrelid = own.oid AND attnum > 0 AND NOT attisdropped AND relkind IN ('r', 'p', 'v', 'm')
LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
UNION ALL
SELECT format('index %%s %%s', pg_get_indexdef(indexrelid), indisvalid)
FROM own
JOIN pg_index ON indrelid = own.oid
UNION ALL
SELECT format('constraint %%s.%%s %%s %%s', relname, conname, pg_get_constraintdef(pg_constraint.oid), convalidated)
FROM own
JOIN pg_constraint ON conrelid = own.oid
UNION ALL
SELECT 'trigger ' || pg_get_triggerdef(pg_trigger.oid)
FROM own
JOIN pg_trigger ON tgrelid = own.oid AND NOT tgisinternal
UNION ALL
SELECT format('view %%s %%s', relname, pg_get_viewdef(own.oid))
FROM own
WHERE relkind IN ('v', 'm')
UNION ALL
SELECT 'function ' || pg_get_functiondef(pg_proc.oid)
FROM pg_proc
JOIN space ON space.oid = pronamespace
UNION ALL
SELECT format('label %%s %%s %%s', typname, enumsortorder, enumlabel)
FROM pg_enum
JOIN pg_type ON pg_type.oid = enumtypid
JOIN space ON space.oid = typnamespace
