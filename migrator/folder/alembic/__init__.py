"""An Alembic script directory as a migration folder.

Files are read as text and their graph is kept as plain values; Alembic itself, an extra, is imported when a
revision is run.
"""
