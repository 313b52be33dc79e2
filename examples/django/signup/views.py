"""Customers sign up; their row and the event that makes their schema commit together."""

from __future__ import annotations

import json

from django.db import IntegrityError, connection, transaction
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_POST

from migrator.client import publish, ready, tenant_created
from migrator.errors import BadPayload, UnknownTenant
from signup.models import Customer

NEEDED = "20"
"""The version that this release of the application reads and writes."""


@require_POST
def sign_up(request: HttpRequest) -> JsonResponse:
    """By the outbox: both are there after the commit, or neither."""
    customer = Customer(slug=json.loads(request.body)["slug"])
    try:
        with transaction.atomic():
            event = publish(connection, tenant_created, customer.event)
            customer.save(force_insert=True)
    except BadPayload as mistake:
        return JsonResponse({"detail": str(mistake)}, status=422)
    except IntegrityError:
        return JsonResponse({"detail": f"there is a customer {customer.slug} already"}, status=409)
    return JsonResponse({"event": event, "page": f"/welcome/{customer.slug}"}, status=202)


@require_POST
def sign_up_quickly(request: HttpRequest) -> JsonResponse:
    """By a message: who dies between commit and ``delay`` leaves a customer without a schema."""
    customer = Customer(slug=json.loads(request.body)["slug"])
    customer.save(force_insert=True)
    event = tenant_created.delay(**customer.event).id
    return JsonResponse({"event": event, "page": f"/welcome/{customer.slug}"}, status=202)


def tenant(request: HttpRequest, slug: str) -> JsonResponse:
    """For programs."""
    return JsonResponse({"tenant": slug, "state": state_of(slug)})


def welcome(request: HttpRequest, slug: str) -> HttpResponse:
    """For people: asks again each second until all is there."""
    return render(request, "welcome.html", {"slug": slug, "state": state_of(slug)})


def state_of(slug: str) -> str:
    """Whether a customer's shop is there."""
    get_object_or_404(Customer, slug=slug)
    try:
        return "ready" if ready(slug, NEEDED) else "preparing"
    except UnknownTenant:  # the event is still on its way
        return "preparing"
