"""What django-tenants wants to know of a tenant."""

from django_tenants.models import DomainMixin, TenantMixin


class Customer(TenantMixin):
    """A tenant; its schema is made by the benchmark."""

    auto_create_schema = False


class Domain(DomainMixin):
    """Not used, but asked for."""
