"""Celery's settings for this deployment: ours, and below them whatever you want to say differently.

Used by the processes in Procfile through CELERY_CONFIG_MODULE. An application that only sends events does not
need this file.
"""

from config.celery import *  # noqa: F403
