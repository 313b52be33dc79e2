"""A customer's shop; in a schema of each customer."""

from django.db import models


class Product(models.Model):
    """What is sold."""

    name = models.CharField(max_length=200)
    slug = models.SlugField(max_length=200, default="")
