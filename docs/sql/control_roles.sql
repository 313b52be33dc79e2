-- The roles of the control database; run once as a superuser, in that database:
--     psql -v ON_ERROR_STOP=1 -d migrator -f control_roles.sql
-- then give each a password with \password, run `migrator init` as migrator_owner, and run this file once more:
-- what init made since then is granted too.

SELECT format('CREATE ROLE %I LOGIN', name)
FROM unnest(ARRAY['migrator_owner', 'migrator_control', 'migrator_application']) AS name
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = name)
\gexec

-- Nobody else gets in.
SELECT format('REVOKE ALL ON DATABASE %I FROM PUBLIC', current_database())
\gexec
SELECT format('GRANT CONNECT ON DATABASE %I TO migrator_owner, migrator_control, migrator_application',
              current_database())
\gexec

-- migrator_owner: `migrator init` alone, at each release. It owns the tables and nothing else.
CREATE SCHEMA IF NOT EXISTS migrator AUTHORIZATION migrator_owner;

-- migrator_control: workers, beat, dashboard and the command line. It reads and writes rows and changes no table.
GRANT USAGE ON SCHEMA migrator TO migrator_control;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA migrator TO migrator_control;
GRANT USAGE ON ALL SEQUENCES IN SCHEMA migrator TO migrator_control;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA migrator TO migrator_control;
ALTER DEFAULT PRIVILEGES FOR ROLE migrator_owner IN SCHEMA migrator
    GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO migrator_control;
ALTER DEFAULT PRIVILEGES FOR ROLE migrator_owner IN SCHEMA migrator GRANT USAGE ON SEQUENCES TO migrator_control;
ALTER DEFAULT PRIVILEGES FOR ROLE migrator_owner IN SCHEMA migrator GRANT EXECUTE ON FUNCTIONS TO migrator_control;
ALTER DEFAULT PRIVILEGES FOR ROLE migrator_owner REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;

-- The history of the control schema is not theirs to change: workers only read which release made it.
SELECT format('REVOKE INSERT, UPDATE, DELETE ON migrator.%I FROM migrator_control', tablename)
FROM pg_tables WHERE schemaname = 'migrator' AND tablename = 'flyway_schema_history'
\gexec

-- migrator_application: applications that publish events with their own transactions. It reads nothing.
GRANT USAGE ON SCHEMA migrator TO migrator_application;
SELECT format('REVOKE EXECUTE ON FUNCTION %s FROM PUBLIC', oid::regprocedure)
FROM pg_proc WHERE pronamespace = 'migrator'::regnamespace AND proname = 'publish'
\gexec
SELECT format('GRANT EXECUTE ON FUNCTION %s TO migrator_application', oid::regprocedure)
FROM pg_proc WHERE pronamespace = 'migrator'::regnamespace AND proname = 'publish'
\gexec
