"""The other ways to migrate a fleet, each as its own manual says, with the same SQL."""
