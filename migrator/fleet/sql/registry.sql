-- database --
SELECT * FROM database WHERE id = :id;

-- databases --
SELECT * FROM database WHERE state = 'active' OR :retired ORDER BY id;

-- add_database --
-- Returns nothing when the id is taken.
INSERT INTO database (id, name, kind, region, host, port, username, credential, migration_timeout, lanes,
                      breaker_failures, breaker_open_seconds, spares, labels)
VALUES (:id, :name, :kind, :region, :host, :port, :username, :credential, :migration_timeout, :lanes,
        :breaker_failures, :breaker_open_seconds, :spares, coalesce(CAST(:labels AS jsonb), '{}'))
ON CONFLICT (id) DO NOTHING
RETURNING id;

-- revive_database --
UPDATE database SET state = 'active', updated_at = now() WHERE id = :id AND state = 'retired';

-- change_database --
-- Null leaves a thing as it is; 0, of spares -1, leaves it to the setting again; no text, to libpq.
UPDATE database
SET name = coalesce(:name, name),
    region = coalesce(:region, region),
    host = coalesce(:host, host),
    port = coalesce(:port, port),
    username = coalesce(:username, username),
    credential = nullif(coalesce(:credential, credential), ''),
    migration_timeout = coalesce(:migration_timeout, migration_timeout),
    lanes = nullif(coalesce(CAST(:lanes AS integer), lanes), 0),
    breaker_failures = nullif(coalesce(CAST(:breaker_failures AS integer), breaker_failures), 0),
    breaker_open_seconds = nullif(coalesce(CAST(:breaker_open_seconds AS double precision), breaker_open_seconds), 0),
    spares = nullif(coalesce(CAST(:spares AS integer), spares), -1),
    labels = coalesce(CAST(:labels AS jsonb), labels),
    updated_at = now()
WHERE id = :id AND state = 'active';

-- retire_database --
UPDATE database SET state = 'retired', updated_at = now() WHERE id = :id AND state = 'active';

-- tenant --
SELECT * FROM tenant WHERE id = :id;

-- tenants --
SELECT tenant.*
FROM tenant
WHERE (tenant.state = 'active' OR :retired)
  AND (CAST(:database_id AS text) IS NULL OR tenant.database_id = :database_id)
ORDER BY tenant.database_id, tenant.schema_name;

-- schema_owner --
SELECT id FROM tenant WHERE database_id = :database_id AND schema_name = :schema_name AND state = 'active';

-- add_tenant --
-- Returns nothing when the database is not there, or the id or the schema is taken, perhaps by somebody who came at the
-- same moment.
INSERT INTO tenant (id, slug, database_id, schema_name, region, template_version, labels)
SELECT :id, :slug, :database_id, :schema_name, :region, :template_version, coalesce(CAST(:labels AS jsonb), '{}')
FROM database
WHERE database.id = :database_id AND database.state = 'active'
ON CONFLICT DO NOTHING
RETURNING id;

-- revive_tenant --
UPDATE tenant SET state = 'active', updated_at = now() WHERE id = :id AND state = 'retired';

-- change_tenant --
UPDATE tenant
SET slug = coalesce(:slug, slug),
    database_id = coalesce(:database_id, database_id),
    schema_name = coalesce(:schema_name, schema_name),
    region = coalesce(:region, region),
    template_version = coalesce(:template_version, template_version),
    labels = coalesce(CAST(:labels AS jsonb), labels),
    updated_at = now()
WHERE id = :id AND state = 'active';

-- retire_tenant --
UPDATE tenant SET state = 'retired', updated_at = now() WHERE id = :id AND state = 'active';

-- targets --
-- Every target of the wanted scopes, databases, schemas and tenants; null stands for all. A database of another kind than
-- tenant is a target by itself, in the schema that the caller names for such databases.
SELECT database.id AS database_id, tenant.schema_name, 'tenant' AS scope, tenant.id AS tenant_id,
       database.labels || tenant.labels AS labels
FROM tenant
JOIN database ON database.id = tenant.database_id
WHERE tenant.state = 'active' AND database.state = 'active' AND database.kind = 'tenant'
  AND 'tenant' = ANY (CAST(:scopes AS text[]))
  AND (CAST(:databases AS text[]) IS NULL OR database.id = ANY (:databases))
  AND (CAST(:schemas AS text[]) IS NULL OR tenant.schema_name = ANY (:schemas))
  AND (CAST(:tenants AS text[]) IS NULL OR tenant.id = ANY (:tenants))
UNION ALL
SELECT id, :own_schema, CASE kind WHEN 'admin' THEN 'admin' ELSE 'regional' END, NULL, labels
FROM database
WHERE state = 'active' AND kind <> 'tenant'
  AND CASE kind WHEN 'admin' THEN 'admin' ELSE 'regional' END = ANY (CAST(:scopes AS text[]))
  AND (CAST(:databases AS text[]) IS NULL OR id = ANY (:databases))
  AND (CAST(:schemas AS text[]) IS NULL OR :own_schema = ANY (:schemas))
  AND CAST(:tenants AS text[]) IS NULL
ORDER BY 1, 2;
