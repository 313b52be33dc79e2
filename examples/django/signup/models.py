"""Who has signed up."""

from django.db import models


class Customer(models.Model):
    """One customer, a tenant under the same name."""

    slug = models.SlugField(primary_key=True)

    @property
    def event(self) -> dict[str, str]:
        """The payload of tenant.created."""
        tenant = {"tenant_id": self.slug, "tenant_slug": self.slug, "schema_name": f"tenant_{self.slug}"}
        return {**tenant, "database_id": "eu-1", "region": "eu"}
