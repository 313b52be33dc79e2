"""What may be taken for granted of a tenant's version, from the last that the ledger knows."""

from __future__ import annotations

import pytest

from migrator.errors import BadVersion
from migrator.model.readiness import LastKnown, ReadyState, judged

DONE = LastKnown(True, "e1", is_done=True, version="12")


@pytest.mark.parametrize(
    ("known", "wanted", "state"),
    [
        (DONE, "12", ReadyState.READY),
        (DONE, "9", ReadyState.READY),  # by number, not as text
        (DONE, "12.1", ReadyState.BEHIND),
        (DONE, None, ReadyState.READY),
        (LastKnown(True), "1", ReadyState.UNKNOWN),
        (LastKnown(True, "e2", is_done=False), "1", ReadyState.CHANGING),
        (LastKnown(True, "e2", is_done=True, version=None), "1", ReadyState.BEHIND),
        (LastKnown(False, "e1", is_done=True, version="12"), "1", ReadyState.RETIRED),
    ],
)
def test_a_version_is_taken_for_granted_only_when_an_execution_ended_there(known, wanted, state):
    found = judged("7", known, wanted)
    assert (found.state, found.is_ready) == (state, state is ReadyState.READY)


def test_what_is_no_version_is_refused():
    with pytest.raises(BadVersion):
        judged("7", DONE, "latest")
