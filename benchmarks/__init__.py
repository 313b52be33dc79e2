"""The benchmark: one fleet's migrations by us, by Alembic and by the bare driver, side by side in one run."""
