"""Every address that we add to Flower: pattern, handler, and the name by which templates link to it.

They come before Flower's own. A handler is a ``Page``, a ``Document``, an ``Action`` or a ``Stream``, and with that
closed to strangers, safe from other sites, and read-only when the dashboard is.
"""

from __future__ import annotations

from migrator.web import alerts, executions, fleet, health, probes, tenants, timeline

ID = r"([^/]{1,200})"
"""Of an execution or a tenant, as it comes from an address; a slash in it is %2F there."""
NUMBER = r"([0-9]{1,18})"
"""Of an alert."""

PAGES = [
    (r"/migrator", fleet.FleetPage, "migrator"),
    (r"/migrator/", fleet.FleetPage, None),
    (r"/migrator/executions", executions.ExecutionsPage, "migrator_executions"),
    (rf"/migrator/executions/{ID}", executions.ExecutionPage, "migrator_execution"),
    (rf"/migrator/tenants/{ID}", tenants.TenantPage, "migrator_tenant"),
    (r"/migrator/timeline", timeline.TimelinePage, "migrator_timeline"),
    (r"/migrator/alerts", alerts.AlertsPage, "migrator_alerts"),
    (r"/migrator/health", health.HealthPage, "migrator_health"),
]

DOCUMENTS = [
    (r"/migrator/api/fleet", fleet.FleetDocument, None),
    (r"/migrator/api/fleet/targets", fleet.RosterDocument, None),
    (rf"/migrator/api/tenants/{ID}", tenants.TenantDocument, None),
    (rf"/migrator/api/tenants/{ID}/explanation", tenants.ExplanationDocument, None),
    (r"/migrator/api/executions", executions.ExecutionsDocument, None),
    (rf"/migrator/api/executions/{ID}", executions.ExecutionDocument, None),
    (rf"/migrator/api/executions/{ID}/targets", executions.TargetDocument, None),
    (rf"/migrator/api/executions/{ID}/performance", executions.PerformanceDocument, None),
    (r"/migrator/api/timeline", timeline.TimelineDocument, None),
    (r"/migrator/api/alerts", alerts.AlertsDocument, None),
    (rf"/migrator/api/alerts/{NUMBER}", alerts.AlertDocument, None),
    (r"/migrator/api/health", health.HealthDocument, None),
]

ACTIONS = [
    (rf"/migrator/api/executions/{ID}/(pause|resume|cancel|retry)", executions.Steer, None),
    (rf"/migrator/api/executions/{ID}/rollback", executions.RollBack, None),
    (rf"/migrator/api/tenants/{ID}/migrate", tenants.MigrateTenant, None),
    (rf"/migrator/api/tenants/{ID}/drift", tenants.CheckDrift, None),
    (rf"/migrator/api/alerts/{NUMBER}/silence", alerts.Silence, None),
    (rf"/migrator/api/alerts/{NUMBER}/unsilence", alerts.Unsilence, None),
]

STREAMS = [
    (r"/migrator/stream/fleet", fleet.FleetStream, None),
    (r"/migrator/stream/executions", executions.ExecutionsStream, None),
    (rf"/migrator/stream/executions/{ID}", executions.ExecutionStream, None),
    (rf"/migrator/stream/tenants/{ID}", tenants.TenantStream, None),
    (r"/migrator/stream/alerts", alerts.AlertsStream, None),
    (r"/migrator/stream/health", health.HealthStream, None),
]

PROBES = [
    (r"/healthz", probes.Healthz, None),
    (r"/readyz", probes.Readyz, None),
    (r"/metrics", probes.MetricsPage, None),
]
"""What monitoring asks. A route here goes before Flower's of the same address."""

ROUTES: list[tuple[str, type, str | None]] = [*PROBES, *ACTIONS, *STREAMS, *DOCUMENTS, *PAGES]
