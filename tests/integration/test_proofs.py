"""The proof of a rollback: many schemas are looked at by one question, and each has an outcome of its own."""

from __future__ import annotations

import pytest

from migrator.model.execution import Claim, Outcome, OutcomeState
from migrator.schema.fingerprint import fingerprint_of
from migrator.schema.history import DEFAULT_TABLE
from tasks.failing import MOST_TRIES
from tasks.proving import Unproven, prove


@pytest.fixture
def taken_back(session, ask, schema):
    """Three schemas that are as they were, each with what it is held against."""
    names = [f"{schema}_{letter}" for letter in "abc"]
    for name in names:
        ask(
            f"CREATE SCHEMA {name}; CREATE TABLE {name}.t (id integer); CREATE VIEW {name}.v AS SELECT id FROM {name}.t"
        )
    return [unproven(name, fingerprint_of(session, name)) for name in names]


def unproven(name, expected, **claimed):
    outcome = Outcome(Claim("one", name, 1, **claimed), OutcomeState.DONE, seconds=0.5, applied=("U2__x.sql",))
    return Unproven(outcome, expected, "scripts", DEFAULT_TABLE)


def counted(session, monkeypatch):
    """Every question that the session asks, as it is asked."""
    asked, ask = [], session.ask
    monkeypatch.setattr(session, "ask", lambda statements: asked.append(statements) or ask(statements))
    return asked


def test_a_batch_is_proven_by_one_question(session, taken_back, monkeypatch):
    asked = counted(session, monkeypatch)
    outcomes = dict(prove(session, taken_back))
    assert len(asked) == 1
    assert [each.state for each in outcomes.values()] == [OutcomeState.DONE] * 3
    assert {each.applied for each in outcomes.values()} == {("U2__x.sql",)}
    found = taken_back[0].expected[:12]
    assert {each.note for each in outcomes.values()} == {
        f"taken back by scripts; the fingerprint is the one before, {found}"
    }


def test_a_schema_that_is_not_as_before_fails_and_the_others_are_proven(session, ask, taken_back):
    ask(f"CREATE TABLE {taken_back[1].schema}.by_hand ()")
    (_, first), (_, second), (_, third) = prove(session, taken_back)
    assert (first.state, third.state) == (OutcomeState.DONE, OutcomeState.DONE)
    assert second.state is OutcomeState.FAILED
    assert f"and was {taken_back[1].expected} before" in second.failure.message


def test_a_schema_that_is_gone_fails_and_says_so(session, ask, taken_back):
    ask(f"DROP SCHEMA {taken_back[2].schema} CASCADE")
    (_, first), _, (_, third) = prove(session, taken_back)
    assert first.state is OutcomeState.DONE
    assert f"no schema {taken_back[2].schema}" in third.failure.message


def test_a_schema_that_cannot_be_looked_at_for_now_is_tried_again_and_the_others_are_proven(session, open_, taken_back):
    other = open_()
    locked = taken_back[0].schema
    other.run(f"BEGIN; LOCK TABLE {locked}.v, {locked}.t IN ACCESS EXCLUSIVE MODE")
    session.run("SET lock_timeout TO '50ms'")
    (_, first), (_, second), (_, third) = prove(session, taken_back)
    assert first is None
    assert (second.state, third.state) == (OutcomeState.DONE, OutcomeState.DONE)


def test_a_schema_that_could_not_be_looked_at_too_often_fails(session, taken_back):
    session.close()
    [(_, tired)] = prove(session, [unproven(taken_back[0].schema, taken_back[0].expected, number=MOST_TRIES)])
    assert tired.state is OutcomeState.FAILED
    assert "did not answer" in tired.failure.message


def test_a_connection_that_is_lost_puts_all_back(session, taken_back):
    session.close()
    assert [outcome for _, outcome in prove(session, taken_back)] == [None, None, None]
