"""Every address that we add to Flower: pattern, handler, and the name by which templates link to it.

They come before Flower's own. A handler is a ``Page``, a ``Document``, an ``Action`` or a ``Stream``, and with that
closed to strangers, safe from other sites, and read-only when the dashboard is.
"""

from __future__ import annotations

from migrator.web import executions, probes

ID = r"([^/]{1,200})"
"""Of an execution, as it comes from an address."""

PAGES = [
    (r"/migrator", executions.ExecutionsPage, "migrator"),
    (r"/migrator/", executions.ExecutionsPage, None),
    (r"/migrator/executions", executions.ExecutionsPage, "migrator_executions"),
    (rf"/migrator/executions/{ID}", executions.ExecutionPage, "migrator_execution"),
]

DOCUMENTS = [
    (r"/migrator/api/executions", executions.ExecutionsDocument, None),
    (rf"/migrator/api/executions/{ID}", executions.ExecutionDocument, None),
    (rf"/migrator/api/executions/{ID}/targets", executions.TargetDocument, None),
]

ACTIONS = [
    (rf"/migrator/api/executions/{ID}/(pause|resume|cancel|retry)", executions.Steer, None),
    (rf"/migrator/api/executions/{ID}/rollback", executions.RollBack, None),
]

STREAMS = [
    (r"/migrator/stream/fleet", executions.FleetStream, None),
    (rf"/migrator/stream/executions/{ID}", executions.ExecutionStream, None),
]

PROBES = [
    (r"/healthz", probes.Healthz, None),
    (r"/readyz", probes.Readyz, None),
    (r"/metrics", probes.MetricsPage, None),
]
"""What monitoring asks. A route here goes before Flower's of the same address."""

ROUTES = [*PROBES, *ACTIONS, *STREAMS, *DOCUMENTS, *PAGES]
