"""What goes over the wire: the form and size of a message, and its signature. It knows Celery, but no settings."""
