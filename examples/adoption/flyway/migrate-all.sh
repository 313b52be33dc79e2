#!/usr/bin/env bash
# One tenant after the other; the first that fails ends the deployment.
set -euo pipefail
tenants=$(psql -XAtc "SELECT nspname FROM pg_namespace WHERE nspname LIKE 'tenant\_%' ORDER BY 1")
for schema in $tenants; do
    flyway -url="jdbc:postgresql://$PGHOST:$PGPORT/$PGDATABASE" -user="$PGUSER" -schemas="$schema" migrate
done
