#!/usr/bin/env bash
# One tenant after the other; the first that fails ends the deployment.
set -euo pipefail
server="postgres://$PGUSER@$PGHOST:$PGPORT/$PGDATABASE?sslmode=disable"
tenants=$(psql -XAtc "SELECT nspname FROM pg_namespace WHERE nspname LIKE 'tenant\_%' ORDER BY 1")
for schema in $tenants; do
    dbmate --url "$server&search_path=$schema" --no-dump-schema migrate
done
