"""Runs in the peers' Python: yoyo over all schemas that are named, with the folder that is named first."""

import os
import sys

from yoyo import get_backend, read_migrations

folder, *schemas = sys.argv[1:]
migrations = read_migrations(folder)
for schema in schemas:
    with get_backend(f"{os.environ['YOYO_URL']}?schema={schema}") as backend, backend.lock():
        backend.apply_migrations(backend.to_apply(migrations))
