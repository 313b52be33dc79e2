"""Metrics for Prometheus: read from the ledger when somebody asks, kept for a few seconds."""
