-- The role that migrates; run once as a superuser, in each target database:
--     psql -v ON_ERROR_STOP=1 -d shop_eu -f target_roles.sql
-- then give it a password with \password, and let the registry say where that is kept.

SELECT 'CREATE ROLE migrator_migration LOGIN'
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'migrator_migration')
\gexec

-- CREATE makes schemas: those of new tenants, templates, rehearsals and what a restore puts aside. Schemas and tables
-- that it makes are its own, so nothing else needs to be granted. No CREATEDB, no CREATEROLE, no superuser.
SELECT format('GRANT CONNECT, CREATE, TEMPORARY ON DATABASE %I TO migrator_migration', current_database())
\gexec

-- Preflight sees who holds what: names of statements, ages of transactions, replicas. Without it, it says that it
-- does not know.
GRANT pg_read_all_stats TO migrator_migration;

-- Databases of scope admin and regional are migrated in the schema public (setting own_schema).
GRANT USAGE, CREATE ON SCHEMA public TO migrator_migration;

-- Schemas that are there already, with all that is in them, have to belong to it: only an owner may alter a table.
-- One schema:  ALTER SCHEMA tenant_acme OWNER TO migrator_migration;
-- All that a role made in this database:  REASSIGN OWNED BY old_owner TO migrator_migration;
--
-- The application's own role gets what a tenant's tables are for, and what will be made later too:
--     ALTER DEFAULT PRIVILEGES FOR ROLE migrator_migration GRANT USAGE ON SCHEMAS TO application;
--     ALTER DEFAULT PRIVILEGES FOR ROLE migrator_migration
--         GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO application;
--     ALTER DEFAULT PRIVILEGES FOR ROLE migrator_migration GRANT USAGE ON SEQUENCES TO application;
