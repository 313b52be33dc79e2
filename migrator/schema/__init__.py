"""One schema of one database: session, history, engine."""
