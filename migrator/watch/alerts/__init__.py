"""Alerts: rules held against the ledger, what is made of what they find, and the ways to tell somebody."""
