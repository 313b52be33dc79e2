"""Drift: differences of two catalogs as lines, and many schemas grouped, from values alone."""

from __future__ import annotations

import pytest

from migrator.schema.drift import Group, differences, grouped, summary
from migrator.schema.fingerprint import Catalog, Item

INDEX = Item("index", "orders_by_customer", "CREATE INDEX orders_by_customer ON orders USING btree (customer_id)")
UNIQUE = Item("index", "orders_code", "CREATE UNIQUE INDEX orders_code ON orders USING hash (code)")
TOTAL = Item("column", "orders.total", "integer")
ORDERS = [
    Item("table", "orders", ""),
    TOTAL,
    INDEX,
    Item("constraint", "orders.orders_pkey", "PRIMARY KEY (id)"),
    Item("sequence", "orders_id_seq", "bigint start 1 owned by orders (id)"),
    Item("comment", "column orders.total", "In cents"),
    Item("privileges", "table orders", "reader may SELECT"),
]
PLAIN = Item("table", "customers", "")


def catalog(*items: Item) -> Catalog:
    return Catalog(tuple(sorted(items)))


def lines(left, right):
    return [str(difference) for difference in differences(catalog(*left), catalog(*right))]


@pytest.mark.parametrize(
    ("left", "right", "line"),
    [
        ([INDEX], [], "- index orders_by_customer on orders (customer_id)"),
        ([], [INDEX], "+ index orders_by_customer on orders (customer_id)"),
        ([], [UNIQUE], "+ index orders_code (unique) on orders hash (code)"),
        ([TOTAL], [Item("column", "orders.total", "bigint")], "~ column orders.total: integer -> bigint"),
        ([], [TOTAL], "+ column orders.total: integer"),
        ([PLAIN], [], "- table customers"),
        ([PLAIN], [Item("table", "customers", "unlogged")], "~ table customers: plain -> unlogged"),
        ([], [Item("view", "v", "as\n SELECT 1;")], "+ view v"),
    ],
)
def test_a_difference_is_one_line(left, right, line):
    assert lines(left, right) == [line]


def test_equal_catalogs_have_no_differences():
    assert differences(catalog(*ORDERS), catalog(*reversed(ORDERS))) == ()


def test_of_a_long_text_only_the_lines_that_changed_are_told():
    old = Item("view", "v", "as\n SELECT a,\n    b\n   FROM t;")
    new = Item("view", "v", "as\n SELECT a,\n    c\n   FROM t;")
    assert lines([old], [new]) == ["~ view v:\n    - b\n    + c"]


def test_of_a_very_long_text_the_first_changed_lines_are_told_and_the_rest_is_counted():
    old = Item("function", "f()", "\n".join(f"old {n}" for n in range(9)))
    new = Item("function", "f()", "\n".join(f"new {n}" for n in range(9)))
    told = lines([old], [new])[0].splitlines()
    assert (len(told), told[-1]) == (10, "    and 10 more lines")


def test_a_long_definition_is_cut():
    told = lines([], [Item("constraint", "t.c", "CHECK (" + "a" * 500 + ")")])[0]
    assert told.endswith("...")
    assert len(told) < 200


def test_what_belongs_to_a_table_that_is_missing_is_not_told_again():
    assert lines([PLAIN, *ORDERS], [PLAIN]) == ["- table orders"]


def test_what_belongs_to_another_table_is_told():
    more = Item("column", '"or.ders".total', "integer")
    assert lines([PLAIN, *ORDERS, more], [PLAIN]) == ['- column "or.ders".total: integer', "- table orders"]


def test_a_comment_on_a_new_column_is_told_with_the_column_because_only_tables_swallow():
    comment = Item("comment", "column orders.total", "In cents")
    told = lines([ORDERS[0]], [ORDERS[0], TOTAL, comment])
    assert told == ["+ column orders.total: integer", "+ comment column orders.total: In cents"]


def test_the_fingerprint_hangs_on_every_part_of_every_item_and_not_on_their_order():
    first, second = Item("a", "b", "c"), Item("a", "b", "d")
    assert Catalog((first, second)).fingerprint == Catalog((second, first)).fingerprint
    assert len({Catalog(items).fingerprint for items in [(), (first,), (second,), (Item("ab", "", "c"),)]}) == 4


def test_the_largest_group_is_the_norm():
    assert grouped({"a": "odd", "b": "x", "c": "x"}) == (Group("x", ("b", "c")), Group("odd", ("a",)))


def test_of_equally_large_groups_that_of_the_first_name_is_the_norm():
    assert grouped({"b": "1", "a": "2"})[0].members == ("a",)


def test_no_schemas_are_no_groups():
    assert grouped({}) == ()
    assert summary((), {}) == "none"


def test_a_summary_says_what_a_group_has_otherwise_when_it_is_one_thing_and_counts_the_odd_ones():
    groups = grouped(
        {f"t{n:03}": "norm" for n in range(197)} | {"u1": "no index", "u2": "no index", "v1": "mess", "w1": "more"}
    )
    norm = catalog(*ORDERS)
    without, besides = catalog(*(item for item in ORDERS if item != INDEX)), catalog(*ORDERS, UNIQUE)
    found = {
        "no index": differences(norm, without),
        "more": differences(norm, besides),
        "mess": differences(norm, catalog(*(item for item in ORDERS if item not in (INDEX, TOTAL)))),
    }
    said = "197 identical, 2 miss index orders_by_customer, 1 has besides index orders_code, 1 odd"
    assert summary(groups, found) == said


def test_a_group_that_was_not_looked_up_is_odd():
    assert summary(grouped({"a": "1", "b": "1", "c": "2"}), {}) == "2 identical, 1 odd"
