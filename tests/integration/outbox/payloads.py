"""What is published in tests."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

LATER = datetime.now(UTC) + timedelta(hours=1)


def tenant(number=7, **more):
    where = {"database_id": "one", "schema_name": f"tenant_{number}", "region": "eu"}
    return {"tenant_id": str(number), "tenant_slug": f"tenant {number}", **where, **more}
