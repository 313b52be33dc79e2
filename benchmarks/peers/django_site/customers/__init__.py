"""The tenants of the project."""
