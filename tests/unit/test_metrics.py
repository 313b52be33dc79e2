"""The metrics: named as Prometheus wants it, no tenant in a label; dashboard, rules and manual use what there is."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.parser import text_string_to_metric_families

import migrator
from migrator.folder import read_folder
from migrator.model.version import Version
from migrator.watch.metrics.catalogue import EVERY_NAME, METRICS, Kind
from migrator.watch.metrics.fleet import version_lag
from migrator.watch.metrics.page import Samples
from tasks.queues import sent_at
from tests.unit.test_manuals import table

DOCS = Path(migrator.__file__).parents[1] / "docs"
DASHBOARD, RULES = DOCS / "grafana" / "migrator.json", DOCS / "prometheus" / "rules.yml"


@pytest.mark.parametrize("metric", METRICS, ids=lambda metric: metric.name)
def test_a_metric_is_named_as_prometheus_wants_it(metric):
    assert re.fullmatch(r"migrator_[a-z]+(_[a-z]+)*", metric.name)
    assert metric.name.endswith("_total") == (metric.kind is Kind.COUNTER)
    assert not re.search(r"_(ms|milliseconds|minutes|mib)\b", metric.name)
    assert metric.says.endswith(".")


def test_no_label_names_a_tenant_or_a_schema():
    labels = {label for metric in METRICS for label in metric.labels}
    assert not {label for label in labels if re.search("tenant|schema|slug|execution|id$", label)}


def exposed(samples: Samples) -> str:
    registry = CollectorRegistry(auto_describe=False)
    registry.register(type("Collected", (), {"collect": lambda _: iter(samples)})())
    return generate_latest(registry).decode()


def every_sample() -> Samples:
    samples = Samples()
    for metric in METRICS:
        labels = dict.fromkeys(metric.labels, 'x"y\n')
        if metric.kind is Kind.HISTOGRAM:
            samples.add_histogram(metric.name, (0.5, 1.0), (2, 0, 1), 3.5, **labels)
        else:
            samples.add(metric.name, 1, **labels)
    return samples


def test_every_metric_is_read_back_by_the_parser_under_the_name_of_the_catalogue():
    families = list(text_string_to_metric_families(exposed(every_sample())))
    assert {sample.name for family in families for sample in family.samples} == EVERY_NAME
    assert {family.type for family in families} == {kind.value for kind in Kind}


def test_a_histogram_counts_up_to_its_last_bucket():
    samples = Samples()
    samples.add_histogram("migrator_event_latency_seconds", (0.5, 1.0), (2, 0, 1), 3.5, type="x")
    [family] = text_string_to_metric_families(exposed(samples))
    values = {(s.name.rpartition("_")[2], s.labels.get("le")): s.value for s in family.samples}
    assert values == {
        ("bucket", "0.5"): 2,
        ("bucket", "1"): 2,
        ("bucket", "+Inf"): 3,
        ("count", None): 3,
        ("sum", None): 3.5,
    }


def test_a_label_that_the_catalogue_does_not_have_is_refused():
    with pytest.raises(ValueError, match="migrator_queue_messages has the labels"):
        Samples().add("migrator_queue_messages", 1, tenant="7")


@pytest.mark.parametrize(
    ("raw", "moment"),
    [
        (b'{"headers": {"sent_at": 12.5}}', 12.5),
        (b'{"headers": {"sent_at": "soon"}}', None),
        (b'{"headers": [1]}', None),
        (b"[]", None),
        (b"\xff{", None),
        (b"", None),
        (None, None),
    ],
)
def test_what_lies_in_a_queue_and_is_no_message_has_no_age(raw, moment):
    assert sent_at(raw) == moment


@pytest.fixture
def folder(tmp_path):
    for number in range(1, 6):
        (tmp_path / f"V{number}__x.sql").write_text("SELECT 1;")
    return read_folder(tmp_path)


@pytest.mark.parametrize(
    ("versions", "lag"), [((), 0), (("3",), 0), (("3", "3"), 0), (("2", "5"), 3), ((None, "2"), 2), ((None,), 0)]
)
def test_the_lag_between_tenants_is_counted_in_migrations(folder, versions, lag):
    assert version_lag([Version(v) if v else None for v in versions], folder) == lag


def test_the_manual_has_every_metric_with_its_kind_labels_and_meaning():
    wanted = [[f"`{m.name}`", m.kind.value, ", ".join(m.labels), m.says] for m in METRICS]
    assert table("monitoring.md", "metric") == wanted


def names_in(text: str) -> set[str]:
    return set(re.findall(r"\bmigrator_[a-z_]+", text))


def expressions(panels) -> list[str]:
    found = [target["expr"] for panel in panels for target in panel.get("targets", ())]
    return found + [each for panel in panels for each in expressions(panel.get("panels", ()))]


def test_the_dashboard_asks_only_for_metrics_that_there_are():
    asked = expressions(json.loads(DASHBOARD.read_text())["panels"])
    assert len(asked) > 10
    assert names_in("\n".join(asked)) - EVERY_NAME == set()


def test_the_panels_of_the_dashboard_do_not_overlap():
    taken = set()
    for panel in json.loads(DASHBOARD.read_text())["panels"]:
        at = panel["gridPos"]
        cells = {(x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])}
        assert not cells & taken, panel["title"]
        assert at["x"] + at["w"] <= 24
        taken |= cells


def test_the_rules_ask_only_for_metrics_that_there_are():
    asked = re.findall(r"^ +expr: (.+)$", RULES.read_text(), re.MULTILINE)
    assert len(asked) == len(re.findall(r"^ +- alert: ", RULES.read_text(), re.MULTILINE)) > 8
    assert names_in("\n".join(asked)) - EVERY_NAME == set()


@pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool comes with Prometheus")
def test_promtool_finds_nothing_wrong_with_page_and_rules():
    page = subprocess.run(
        ["promtool", "check", "metrics"], input=exposed(every_sample()), capture_output=True, text=True, check=False
    )
    assert (page.returncode, page.stderr) == (0, "")
    rules = subprocess.run(["promtool", "check", "rules", str(RULES)], capture_output=True, text=True, check=False)
    assert rules.returncode == 0, rules.stdout + rules.stderr
