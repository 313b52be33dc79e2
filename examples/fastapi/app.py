"""Customers sign up; their row and the event that makes their schema commit together."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import asynccontextmanager
from typing import Annotated

from fastapi import Depends, FastAPI, HTTPException
from fastapi.responses import HTMLResponse
from pydantic import BaseModel
from sqlalchemy import create_engine
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

from migrator.client import publish, ready, tenant_created
from migrator.errors import BadPayload, UnknownTenant

NEEDED = "20"
"""The version that this release of the application reads and writes."""
engine = create_engine(os.environ["MIGRATOR_CONTROL_URL"])


class Base(DeclarativeBase):
    pass


class Customer(Base):
    __tablename__ = "customer"
    slug: Mapped[str] = mapped_column(primary_key=True)


class SignUp(BaseModel):
    slug: str

    @property
    def event(self) -> dict[str, str]:
        """The payload of tenant.created."""
        schema = f"tenant_{self.slug}"
        tenant = {"tenant_id": self.slug, "tenant_slug": self.slug, "schema_name": schema}
        return {**tenant, "database_id": "eu-1", "region": "eu"}


@asynccontextmanager
async def lifespan(_: FastAPI):
    Base.metadata.create_all(engine)
    yield


def session() -> Iterator[Session]:
    with Session(engine) as opened:
        yield opened


api = FastAPI(lifespan=lifespan)
OpenSession = Annotated[Session, Depends(session)]


@api.post("/sign-up", status_code=202)
def sign_up(customer: SignUp, session: OpenSession):
    """By the outbox: both are there after the commit, or neither."""
    try:
        event = publish(session, tenant_created, customer.event)
        session.add(Customer(slug=customer.slug))
        session.commit()
    except BadPayload as mistake:
        raise HTTPException(422, str(mistake)) from None
    except IntegrityError:
        raise HTTPException(409, f"there is a customer {customer.slug} already") from None
    return {"event": event, "page": f"/welcome/{customer.slug}"}


@api.post("/sign-up/quick", status_code=202)
def sign_up_quickly(customer: SignUp, session: OpenSession):
    """By a message: who dies between commit and ``delay`` leaves a customer without a schema."""
    session.add(Customer(slug=customer.slug))
    session.commit()
    return {"event": tenant_created.delay(**customer.event).id, "page": f"/welcome/{customer.slug}"}


@api.get("/tenants/{slug}")
def tenant(slug: str, session: OpenSession):
    if session.get(Customer, slug) is None:
        raise HTTPException(404, f"there is no customer {slug}")
    try:
        is_ready = ready(slug, NEEDED)
    except UnknownTenant:  # the event is still on its way
        is_ready = False
    return {"tenant": slug, "state": "ready" if is_ready else "preparing"}


@api.get("/welcome/{slug}", response_class=HTMLResponse)
def welcome(slug: str, session: OpenSession):
    """Asks again each second until all is there."""
    if tenant(slug, session)["state"] == "ready":
        return f"<!doctype html><title>{slug}</title><p>Your shop is ready."
    return f'<!doctype html><title>{slug}</title><meta http-equiv="refresh" content="1"><p>Preparing your shop ...'
