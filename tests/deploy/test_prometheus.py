"""Rules and dashboard of deploy/ go by metrics and labels that exist, and every alert leads to the runbook."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import promql_parser as promql
import pytest
import yaml

from askpro.metrics.exposition.reading import Reading
from askpro.watch.conditions.base import Severity
from askpro.watch.conditions.registry import every_condition
from tests.metrics.conftest import scraping  # noqa: F401 - a fixture
from tests.metrics.told import rows, series

ROOT = Path(__file__).resolve().parents[2]
RULES = yaml.safe_load((ROOT / "deploy/prometheus/alerts.yml").read_text("utf-8"))
ALERTS = {rule["alert"]: rule for group in RULES["groups"] for rule in group["rules"]}
DASHBOARD = json.loads((ROOT / "deploy/grafana/askpro.json").read_text("utf-8"))
PANELS = [panel for panel in DASHBOARD["panels"] if panel["type"] != "row"]
# Of Prometheus itself: whether a target answered, and the labels that it puts on all that a target tells.
OF_PROMETHEUS = {"up": {"job", "instance"}}
TARGET = {"job", "instance"}
# Conditions to come, of which rules speak already.
AWAITED = {"dead_jobs", "vendor_failing", "vendor_out_of_credit", "vendor_refuses_key"}
CODES = {condition.code for condition in every_condition()} | AWAITED | {"{{ $labels.code }}"}
# What Grafana fills in before it asks.
FILLED = {"$__rate_interval": "5m", "$queue": ".*", "$vendor": ".*"}


@pytest.fixture
def told(transactional_db: None, scraping: Reading) -> dict[str, set[str]]:  # noqa: F811
    return series() | OF_PROMETHEUS


def queries() -> dict[str, str]:
    """Every query of the dashboard by its panel."""
    found = {}
    for panel in PANELS:
        for target in panel["targets"]:
            expression = target["expr"]
            for name, value in FILLED.items():
                expression = expression.replace(name, value)
            found[f"{panel['title']} {target['refId']}"] = expression
    return found


def nodes(expression: Any) -> Iterator[Any]:
    """All parts of a query."""
    yield expression
    for name in ("lhs", "rhs", "expr", "param", "vector_selector", "args"):
        inner = getattr(expression, name, None)
        for each in inner if isinstance(inner, list) else [inner] if inner is not None else []:
            yield from nodes(each)


def faults(query: str, told: dict[str, set[str]]) -> list[str]:
    """Names and labels in a query that nobody tells; raises `ValueError` if it is no PromQL."""
    every = [*nodes(promql.parse(query))]
    selectors = [node for node in every if isinstance(node, promql.VectorSelector)]
    names = {node.name for node in selectors}
    known = set.union(TARGET, *(told.get(name, set()) for name in names))
    asked = {(node.name, matcher.name) for node in selectors for matcher in node.matchers.matchers}
    return [
        *(f"no metric {name}" for name in names - told.keys()),
        *(f"{name} has no label {label}" for name, label in asked if label not in told.get(name, set()) | TARGET),
        *(f"nothing here has the label {label}" for node in every for label in grouped(node) if label not in known),
    ]


def grouped(node: Any) -> list[str]:
    """The labels by which an aggregation or a matching goes."""
    modifier = getattr(node, "modifier", None)
    if isinstance(node, promql.AggregateExpr) and modifier is not None:
        return list(modifier.labels)
    if isinstance(node, promql.BinaryExpr) and modifier is not None and modifier.matching is not None:
        return list(modifier.matching.labels)
    return []


def left(expression: Any) -> set[str] | None:
    """The labels that the result of a query keeps; None for those of a metric as it is told."""
    if isinstance(expression, promql.AggregateExpr):
        return set(grouped(expression))
    if isinstance(expression, promql.BinaryExpr):
        side = expression.rhs if isinstance(expression.lhs, promql.NumberLiteral | promql.Call) else expression.lhs
        found = left(side)
        return left(expression.rhs) if found is None and isinstance(expression.lhs, promql.Call) else found
    if isinstance(expression, promql.Call) and expression.func.name == "histogram_quantile":
        inner = left(expression.args[1])
        return None if inner is None else inner - {"le"}
    return None


def test_every_rule_goes_by_what_is_told(told: dict[str, set[str]]) -> None:
    found = {alert: faults(rule["expr"], told) for alert, rule in ALERTS.items()}
    assert {alert: wrong for alert, wrong in found.items() if wrong} == {}


def test_every_panel_shows_what_is_told(told: dict[str, set[str]]) -> None:
    found = {panel: faults(query, told) for panel, query in queries().items()}
    assert {panel: wrong for panel, wrong in found.items() if wrong} == {}


def test_a_query_about_what_nobody_tells_is_noticed(told: dict[str, set[str]]) -> None:
    query = 'sum by (host) (rate(askpro_jobs_lost_total[5m])) > 0 and on (queue) askpro_queue_paused{name="low"}'
    assert sorted(faults(query, told)) == [
        "askpro_queue_paused has no label name",
        "no metric askpro_jobs_lost_total",
        "nothing here has the label host",
    ]
    with pytest.raises(ValueError):
        faults("sum by (queue", told)


def leads_somewhere(url: str) -> bool:
    """Whether it is a condition's section of the runbook, or a heading of a page that is there."""
    path, _, anchor = url.partition("#")
    if path == "deploy/runbook.md":
        return anchor in CODES
    headings = re.findall(r"^##+ (.*)", (ROOT / path).read_text("utf-8"), re.MULTILINE)
    return anchor in {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("alert", ALERTS)
def test_a_rule_says_how_bad_it_is_for_how_long_and_where_to_read_on(alert: str) -> None:
    rule = ALERTS[alert]
    assert set(rule) - {"for"} == {"alert", "expr", "labels", "annotations"}
    assert rule["labels"]["severity"] in Severity.values
    assert re.fullmatch(r"AskPro([A-Z][a-z]+)+", alert)
    if "for" in rule:
        promql.parse_duration(rule["for"])
    annotations = rule["annotations"]
    assert set(annotations) == {"summary", "description", "runbook_url"}
    assert leads_somewhere(annotations["runbook_url"])
    kept = left(promql.parse(rule["expr"]))
    used = set(re.findall(r"\$labels\.(\w+)", " ".join(annotations.values())))
    assert kept is None or used <= kept, "these labels are gone from its result"


def test_prometheus_reads_these_rules_with_the_token_of_the_installation() -> None:
    config = yaml.safe_load((ROOT / "deploy/prometheus/prometheus.yml").read_text("utf-8"))
    assert [(ROOT / "deploy/prometheus" / name).is_file() for name in config["rule_files"]] == [True]
    (scraped,) = config["scrape_configs"]
    assert scraped["metrics_path"] == "/metrics" and scraped["authorization"]["type"] == "Bearer"
    every, patience = (promql.parse_duration(config["global"][f"scrape_{name}"]) for name in ("interval", "timeout"))
    assert patience <= every


def test_panels_lie_beside_each_other_and_ask_the_chosen_source() -> None:
    taken: dict[tuple[int, int], int] = {}
    for panel in DASHBOARD["panels"]:
        place = panel["gridPos"]
        assert place["x"] + place["w"] <= 24
        for x in range(place["x"], place["x"] + place["w"]):
            for y in range(place["y"], place["y"] + place["h"]):
                assert taken.setdefault((x, y), panel["id"]) == panel["id"], "two panels in one place"
    assert {panel["datasource"]["uid"] for panel in PANELS} == {"${source}"}
    assert len({panel["id"] for panel in DASHBOARD["panels"]}) == len(DASHBOARD["panels"])


def test_what_the_dashboard_lets_choose_is_told(told: dict[str, set[str]]) -> None:
    for variable in DASHBOARD["templating"]["list"]:
        if variable["type"] == "query":
            asked = re.fullmatch(r"label_values\((\w+), (\w+)\)", variable["query"]["query"])
            assert asked and asked[2] == variable["name"] and asked[2] in told[asked[1]]


def test_the_docs_have_every_metric_and_no_other(told: dict[str, set[str]]) -> None:
    text = (ROOT / "docs/metrics.md").read_text("utf-8")
    written = [line for line in text.splitlines() if line.startswith("| `askpro_")]
    assert written == rows()
