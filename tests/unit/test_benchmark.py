"""The benchmark's own rules: what is chosen, how samples are summed up, goals, the document and its plot."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import pytest

from benchmarks.along import cpu_at
from benchmarks.choice import Choice, NoSuchChoice
from benchmarks.document import BEGIN, END, NoPlace, put_between, report
from benchmarks.idle import statements_in
from benchmarks.latency import quantiles
from benchmarks.peers import place
from benchmarks.peers.lineup import PEERS, line_up
from benchmarks.plot import bars
from benchmarks.rounds import Sample
from benchmarks.scale import SMOKE, Scale
from benchmarks.section import Goal, Section
from benchmarks.shop import Work
from benchmarks.table import as_ratios, ratio_of, summed_up


def test_nothing_said_chooses_everything():
    assert Choice.of([]) == Choice()


def test_works_and_lanes_are_chosen_apart():
    choice = Choice.of(["b,ours", "e"])
    assert (choice.parts, choice.lanes) == (("b", "e"), ("limit", "ours"))
    assert Choice.of(["yoyo"]).parts == Choice().parts


def test_a_work_brings_those_that_a_fleet_goes_through_before_it():
    assert Choice.of(["b"]).works == (Work.HISTORY, Work.INCREMENT)
    assert Choice.of(["d"]).works == ()


def test_an_unknown_word_is_refused_by_name():
    with pytest.raises(NoSuchChoice, match="flyway is none of a, b"):
        Choice.of(["a,flyway"])


def test_without_a_part_that_goes_through_celery_no_worker_is_started():
    assert not Choice.of(["d,watching"]).needs_workers
    assert all(Choice.of([part]).needs_workers for part in ("a", "f", "idle", "e", "g", "costs"))


def test_a_ratio_is_taken_per_tenant_and_within_its_round():
    samples = [
        Sample(1, Work.HISTORY, "limit", 100, 10.0, 1.0, 1.0),
        Sample(1, Work.HISTORY, "ours", 100, 12.0, 1.0, 1.0),
        Sample(1, Work.HISTORY, "slow", 10, 4.0, 1.0, 1.0),
        Sample(2, Work.HISTORY, "limit", 100, 20.0, 1.0, 1.0),
        Sample(2, Work.HISTORY, "ours", 100, 22.0, 1.0, 1.0),
    ]
    rows = summed_up(samples)
    assert [row.lane for row in rows] == ["limit", "ours", "slow"]
    assert ratio_of(rows, Work.HISTORY) == pytest.approx((1.2 + 1.1) / 2)
    assert ratio_of(rows, Work.HISTORY, "slow") == pytest.approx(4.0)
    assert ratio_of(rows, Work.INCREMENT) is None


def test_of_a_hundred_events_the_second_slowest_is_the_99th_percentile():
    assert quantiles([float(n) for n in range(100, 0, -1)]) == (50.5, 99.0, 100.0)
    assert quantiles([7.0]) == (7.0, 7.0, 7.0)


def test_processor_time_between_two_looks_is_shared_out_evenly():
    seen = [(0, 1.0), (10, 2.0), (30, 4.0)]
    assert [cpu_at(seen, tenants) for tenants in (0, 5, 10, 20, 30, 40)] == [1.0, 1.5, 2.0, 3.0, 4.0, 4.0]


def test_a_statement_of_several_lines_in_the_servers_log_is_one():
    mine, other = "x=idle LOG:  statement: ", "x=other LOG:  statement: "
    log = f"{mine}SELECT 1\n\tFROM t\n{other}SELECT 2\n\tFROM u\n{mine}BEGIN\n"
    assert statements_in(log, mine) == ["SELECT 1 FROM t", "BEGIN"]


@pytest.mark.parametrize(("reached", "kept"), [(1.0, "yes"), (1.1, "yes"), (1.11, "no"), (None, "not measured")])
def test_a_goal_is_kept_up_to_its_bound(reached, kept):
    assert Goal("a", "quick", 1.1, reached).as_markdown().endswith(f"| {kept} |")


def test_the_document_keeps_what_stands_around_the_tables():
    text = f"before\n{BEGIN}\nold\n{END}\nafter\n"
    once = put_between(text, "new")
    assert once == f"before\n{BEGIN}\n\nnew\n\n{END}\nafter\n"
    assert put_between(once, "new") == once


def test_a_document_without_a_place_is_refused():
    with pytest.raises(NoPlace, match="make bench-doc"):
        put_between(f"{END}\n{BEGIN}\n", "new")


def test_the_report_has_the_goals_of_all_sections_before_the_sections():
    said = report({"machine": "m"}, [Section("One", "text", goals=[Goal("a", "quick", 1.0, 0.9)])], picture="p.svg")
    assert said.index("- machine: m") < said.index("| a | quick |") < said.index("## One") < said.index("](p.svg)")


def test_the_plot_is_an_image_with_a_bar_for_each_value():
    tree = ElementTree.fromstring(bars("a < b", {"(a)": [("ours", 0.5), ("yoyo", 100.0)], "(b)": []}))
    rectangles = [float(r.get("width")) for r in tree.iter("{http://www.w3.org/2000/svg}rect")][1:]
    assert len(rectangles) == 2
    assert rectangles[0] < rectangles[1]
    said = [text.text for text in tree.iter("{http://www.w3.org/2000/svg}text")]
    assert ("x100" in said, "(b)" in said) == (True, False)


def test_peers_that_are_not_installed_are_named_with_what_is_missing(monkeypatch, tmp_path):
    monkeypatch.setattr(place, "PLACE", tmp_path)
    found = line_up(None, tmp_path / "home", 2)
    assert [lane.name for lane in found.lanes] == ["alembic"]
    assert set(found.missing) == set(PEERS) - {"alembic"}
    assert all(str(reason) for reason in found.missing.values())


def test_the_smoke_run_has_every_part_of_the_real_one():
    assert all(bool(getattr(SMOKE, name)) for name in vars(Scale()) if name != "durable")
    assert not SMOKE.durable


@pytest.mark.parametrize("name", ["docs/performance.md", "README.md"])
def test_what_is_written_into_the_repositorys_documents_finds_its_place(name):
    text = (Path(__file__).parents[2] / name).read_text()
    assert put_between(text, "new") != text


def test_the_ratios_alone_have_a_column_for_each_lane_and_a_gap_where_one_cannot_do_a_work():
    samples = [
        Sample(1, Work.HISTORY, "limit", 10, 1.0, 1.0, 1.0),
        Sample(1, Work.HISTORY, "ours", 10, 1.5, 1.0, 1.0),
        Sample(1, Work.HISTORY, "yoyo", 5, 6.0, 1.0, 1.0),
        Sample(1, Work.ROLLBACK, "limit", 10, 1.0, 1.0, 1.0),
        Sample(1, Work.ROLLBACK, "ours", 10, 2.0, 1.0, 1.0),
    ]
    assert as_ratios(summed_up(samples)).splitlines() == [
        "| to the limit | ours | yoyo |",
        "|---|---:|---:|",
        "| (a) the whole history | x1.5 | x12 |",
        "| (f) rollback of (b) | x2 |  |",
    ]
