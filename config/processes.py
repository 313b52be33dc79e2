"""The processes of an installation, as in the Procfile, which adds the deployment's own celeryconfig.py."""

from __future__ import annotations

from config.queues import DOOR, STRICTEST_FIRST

_ALL = ",".join((*STRICTEST_FIRST, DOOR))

PROCESSES = {
    "urgent": f"celery -A tasks worker -n urgent@%h -Q critical,high,{DOOR} -c 2 --without-gossip --without-mingle",
    "worker": f"celery -A tasks worker -n worker@%h -Q {_ALL} -c 4 --without-gossip --without-mingle",
    "beat": "celery -A tasks beat",
    "dashboard": "celery -A tasks dashboard",
}
"""Name to command. Never fewer than two workers: nothing preempts a long migration, so one is for urgent ones only."""
