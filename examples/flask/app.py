"""Customers sign up; their row and the event that makes their schema commit together."""

from __future__ import annotations

import os
from contextlib import closing, contextmanager

import psycopg2
from flask import Flask, abort, jsonify, render_template_string, request
from psycopg2.errors import UniqueViolation

from migrator.client import publish, ready, tenant_created
from migrator.errors import BadPayload, UnknownTenant

NEEDED = "20"
"""The version that this release of the application reads and writes."""
WELCOME = """<!doctype html>
<title>{{ slug }}</title>
{% if state == "ready" %}<p>Your shop is ready.
{% else %}<meta http-equiv="refresh" content="1"><p>Preparing your shop ...
{% endif %}"""


@contextmanager
def transaction():
    """Commits, or rolls everything back when something was raised."""
    with closing(psycopg2.connect(os.environ["MIGRATOR_CONTROL_URL"])) as connection, connection:
        yield connection


def create_app() -> Flask:
    with transaction() as connection, connection.cursor() as cursor:
        cursor.execute("CREATE TABLE IF NOT EXISTS customer (slug text PRIMARY KEY)")
    app = Flask(__name__)
    app.add_url_rule("/sign-up", view_func=sign_up, methods=["POST"])
    app.add_url_rule("/sign-up/quick", view_func=sign_up_quickly, methods=["POST"])
    app.add_url_rule("/tenants/<slug>", view_func=tenant)
    app.add_url_rule("/welcome/<slug>", view_func=welcome)
    return app


def sign_up():
    """By the outbox: both are there after the commit, or neither."""
    slug = request.get_json()["slug"]
    try:
        with transaction() as connection:
            event = publish(connection, tenant_created, payload(slug))
            store(connection, slug)
    except BadPayload as mistake:
        return jsonify(detail=str(mistake)), 422
    except UniqueViolation:
        return jsonify(detail=f"there is a customer {slug} already"), 409
    return jsonify(event=event, page=f"/welcome/{slug}"), 202


def sign_up_quickly():
    """By a message: who dies between commit and ``delay`` leaves a customer without a schema."""
    slug = request.get_json()["slug"]
    with transaction() as connection:
        store(connection, slug)
    return jsonify(event=tenant_created.delay(**payload(slug)).id, page=f"/welcome/{slug}"), 202


def tenant(slug: str):
    return jsonify(tenant=slug, state=state_of(slug))


def welcome(slug: str):
    """Asks again each second until all is there."""
    return render_template_string(WELCOME, slug=slug, state=state_of(slug))


def state_of(slug: str) -> str:
    with transaction() as connection, connection.cursor() as cursor:
        cursor.execute("SELECT FROM customer WHERE slug = %s", [slug])
        if cursor.rowcount == 0:
            abort(404)
    try:
        return "ready" if ready(slug, NEEDED) else "preparing"
    except UnknownTenant:  # the event is still on its way
        return "preparing"


def store(connection, slug: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO customer (slug) VALUES (%s)", [slug])


def payload(slug: str) -> dict[str, str]:
    """Of tenant.created."""
    tenant = {"tenant_id": slug, "tenant_slug": slug, "schema_name": f"tenant_{slug}"}
    return {**tenant, "database_id": "eu-1", "region": "eu"}
