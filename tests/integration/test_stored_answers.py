"""The stored answer of an event that is sent again: dropped where it can be, and no reason to wait for ever."""

from __future__ import annotations

import pytest
from celery import Celery
from kombu.exceptions import OperationalError

from migrator import client
from migrator.local import free_port
from migrator.wire.answers import forget_answer


def application(backend: str | None) -> Celery:
    made = Celery("answers", backend=backend, set_as_current=False)
    made.conf.update(result_backend_always_retry=True, result_serializer="json", accept_content=["json"])
    return made


def test_an_answer_that_was_read_before_is_forgotten_too(valkey):
    app = application(valkey.url())
    app.backend.store_result("sign-up-8", {"said": "first"}, "SUCCESS")
    assert app.AsyncResult("sign-up-8").state == "SUCCESS"
    forget_answer(app, "sign-up-8")
    assert app.AsyncResult("sign-up-8").state == "PENDING"


def test_a_backend_that_is_away_is_an_error_and_no_wait_without_end():
    with pytest.raises(OperationalError, match="refused"):
        forget_answer(application(f"redis://127.0.0.1:{free_port()}/0"), "sign-up-8")


def test_an_application_without_a_backend_has_no_answers_to_forget():
    forget_answer(application(None), "sign-up-8")


def test_the_client_says_that_nobody_is_there_when_it_sends_an_event_again(monkeypatch):
    nobody = f"redis://127.0.0.1:{free_port()}/0"
    monkeypatch.setattr(client, "_connected", [])
    client.connect(nobody, nobody)
    with pytest.raises(OperationalError):
        client.tenant_deleted.apply_async(kwargs={"tenant_id": "7"}, task_id="sign-up-8")
