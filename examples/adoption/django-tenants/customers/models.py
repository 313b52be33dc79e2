"""Who our customers are; in the schema public."""

from django.db import models
from django_tenants.models import DomainMixin, TenantMixin


class Client(TenantMixin):
    """One customer, whose shop is in the schema of this name."""

    name = models.CharField(max_length=100)


class Domain(DomainMixin):
    """Where a customer's shop is found."""
