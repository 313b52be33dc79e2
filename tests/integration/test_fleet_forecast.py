"""What the ledger's past says about time."""

from __future__ import annotations

from small_fleet import done, failed, found, lane, opened

from migrator.fleet.forecast import past_seconds
from migrator.model.forecast import Past
from migrator.model.target import Scope


def ask(store, *runs):
    with store.begin() as connection:
        return past_seconds(connection, [(Scope.TENANT, tuple(scripts)) for scripts in runs])


def test_the_median_of_those_that_were_given_the_same_scripts_is_what_counts(store, claim, write, query, control):
    opened(store, found(5))
    one, two, three, other, bad = claim(lane())
    write(done(one, "V2__b.sql"), done(two, "V2__b.sql"), done(three, "V2__b.sql"))
    write(done(other, "V2__b.sql", "V3__c.sql"), failed(bad))
    query(control, "UPDATE migrator.outcome SET seconds = 9 WHERE schema_name = 'tenant_002'")
    asked = ask(store, ["V2__b.sql"], ["V3__c.sql", "V2__b.sql"], ["V2__b.sql", "V3__c.sql"], [])
    assert asked == {
        (Scope.TENANT, ("V2__b.sql",)): Past(0.5, 3),
        (Scope.TENANT, ("V2__b.sql", "V3__c.sql")): Past(0.5, 1),
    }


def test_another_scope_is_another_past(store, claim, write):
    opened(store, found(1))
    write(done(*claim(lane())))
    with store.begin() as connection:
        assert past_seconds(connection, [(Scope.ADMIN, ("V2__b.sql",))]) == {}
