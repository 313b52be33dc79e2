"""Health: each check is a small function of what it needs; ``tasks/health.py`` brings them together."""
