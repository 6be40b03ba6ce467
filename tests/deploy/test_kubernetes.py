"""The overlays as kustomize composes them, against the API's schemas, the pools, the commands and the metrics.

The schemas of Kubernetes are those of the package kubernetes-validate. Of KEDA and the Prometheus operator only the
fields that are used here are known, written down from their documentation: any other is refused.
"""

import re
import shutil
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import kubernetes_validate
import promql_parser as promql
import pytest
import yaml
from django.conf import settings
from django.core.management import get_commands

from askpro.queues.config import pools
from askpro.queues.supervisor.child import KILL_GRACE
from askpro.queues.supervisor.forker import CHORES_GRACE
from tests.deploy.dockerfile import ROOT, stages
from tests.deploy.env_files import by_systemd
from tests.deploy.test_prometheus import faults, told  # noqa: F401 - a fixture
from tests.metrics.conftest import scraping  # noqa: F401 - a fixture

FOLDER = ROOT / "deploy/kubernetes"
OVERLAYS = sorted(path.parent.name for path in FOLDER.glob("overlays/*/kustomization.yaml"))
# The oldest release of Kubernetes that docs/kubernetes.md names, and the newest that there are schemas of.
RELEASES = ("1.30", "1.37")
KUBECTL = shutil.which("kubectl")
EXAMPLE = by_systemd(ROOT / "deploy/env.example")
POOLS = {pool.name: pool for pool in pools("kubernetes")}
# Megabytes of a pod besides what its workers may take: the forker and the chores.
BESIDES = 128

pytestmark = pytest.mark.skipif(not KUBECTL, reason="no kubectl here, which composes the manifests")
each_overlay = pytest.mark.parametrize("overlay", OVERLAYS)


def _closed(required: tuple[str, ...] = (), **properties: Any) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": list(required),
        "additionalProperties": False,
    }


NUMBER = {"type": "integer", "minimum": 1}
TEXT = {"type": "string", "minLength": 1}
SPAN = {"type": "string", "pattern": r"^\d+[smh]$"}
METADATA = _closed(("name", "namespace"), name=TEXT, namespace=TEXT, labels={"type": "object"})
TRIGGER = _closed(
    ("type", "metadata", "metricType"),
    type={"const": "prometheus"},
    name=TEXT,
    metricType={"enum": ["AverageValue", "Value"]},
    metadata=_closed(
        ("serverAddress", "query", "threshold"),
        serverAddress={"type": "string", "pattern": "^https?://"},
        query=TEXT,
        threshold={"type": "string", "pattern": r"^\d+(\.\d+)?$"},
    ),
)
BEHAVIOR = _closed(
    scaleDown=_closed(
        stabilizationWindowSeconds={"type": "integer", "minimum": 0, "maximum": 3600},
        policies={
            "type": "array",
            "items": _closed(
                ("type", "value", "periodSeconds"),
                type={"enum": ["Pods", "Percent"]},
                value=NUMBER,
                periodSeconds=NUMBER,
            ),
        },
    )
)
SCALED = _closed(
    ("scaleTargetRef", "triggers"),
    scaleTargetRef=_closed(("name",), name=TEXT),
    minReplicaCount=NUMBER,
    maxReplicaCount=NUMBER,
    pollingInterval=NUMBER,
    advanced=_closed(horizontalPodAutoscalerConfig=_closed(behavior=BEHAVIOR)),
    triggers={"type": "array", "minItems": 1, "items": TRIGGER},
)
SCRAPED = _closed(
    ("staticConfigs",),
    staticConfigs={
        "type": "array",
        "items": _closed(("targets",), targets={"type": "array", "items": TEXT}, labels={"type": "object"}),
    },
    metricsPath=TEXT,
    scrapeInterval=SPAN,
    scrapeTimeout=SPAN,
    authorization=_closed(("credentials",), type=TEXT, credentials=_closed(("name", "key"), name=TEXT, key=TEXT)),
)


def _custom(version: str, kind: str, spec: dict[str, Any]) -> dict[str, Any]:
    fields = ("apiVersion", "kind", "metadata", "spec")
    return _closed(fields, apiVersion={"const": version}, kind={"const": kind}, metadata=METADATA, spec=spec)


CUSTOM = {
    "ScaledObject": _custom("keda.sh/v1alpha1", "ScaledObject", SCALED),
    "ScrapeConfig": _custom("monitoring.coreos.com/v1alpha1", "ScrapeConfig", SCRAPED),
}


@cache
def composed(overlay: str) -> list[dict[str, Any]]:
    """All objects of an overlay."""
    assert KUBECTL
    command = [KUBECTL, "kustomize", str(FOLDER / "overlays" / overlay)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    assert not done.stderr, done.stderr
    return [*yaml.safe_load_all(done.stdout)]


def of_kind(overlay: str, kind: str) -> dict[str, dict[str, Any]]:
    return {found["metadata"]["name"]: found for found in composed(overlay) if found["kind"] == kind}


def pods(overlay: str) -> dict[str, dict[str, Any]]:
    """Each kind of pod."""
    owners = of_kind(overlay, "Deployment") | of_kind(overlay, "Job")
    return {name: owner["spec"]["template"] for name, owner in owners.items()}


def containers(pod: dict[str, Any]) -> list[dict[str, Any]]:
    return [*pod["spec"].get("initContainers", ()), *pod["spec"]["containers"]]


def queues(overlay: str) -> dict[str, dict[str, Any]]:
    """The pods that work each pool."""
    return {
        pod["metadata"]["labels"]["askpro/pool"]: pod
        for pod in pods(overlay).values()
        if "askpro/pool" in pod["metadata"]["labels"]
    }


def selects(selector: dict[str, str], overlay: str) -> list[str]:
    return [name for name, pod in pods(overlay).items() if selector.items() <= pod["metadata"]["labels"].items()]


@pytest.mark.parametrize("release", RELEASES)
@each_overlay
def test_every_object_is_one_that_the_api_takes(overlay: str, release: str) -> None:
    for found in composed(overlay):
        if found["kind"] in CUSTOM:
            jsonschema.validate(found, CUSTOM[found["kind"]])
        else:
            kubernetes_validate.validate(found, release, strict=True)


@pytest.mark.parametrize("change", ["replica", "selector"])
def test_an_object_that_the_api_refuses_is_noticed(change: str) -> None:
    (web,) = (found for name, found in of_kind("small", "Deployment").items() if name == "askpro-web")
    spec = {**web["spec"], "replica": 1}
    if change == "selector":
        spec = {name: value for name, value in web["spec"].items() if name != "selector"}
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate({**web, "spec": spec}, RELEASES[0], strict=True)


@each_overlay
class TestPods:
    def test_none_may_what_it_needs_not(self, overlay: str) -> None:
        user = int(stages()[-1].user.partition(":")[0])
        for pod in pods(overlay).values():
            secured = pod["spec"]["securityContext"]
            assert secured["runAsNonRoot"] and secured["runAsUser"] == user
            assert secured["seccompProfile"] == {"type": "RuntimeDefault"}
            assert pod["spec"]["automountServiceAccountToken"] is False
            for container in containers(pod):
                own = container["securityContext"]
                assert own["readOnlyRootFilesystem"] and not own["allowPrivilegeEscalation"]
                assert own["capabilities"] == {"drop": ["ALL"]}
                assert container["resources"]["limits"]["memory"] and container["resources"]["requests"]["cpu"]

    def test_each_runs_the_image_with_a_tag_and_the_settings(self, overlay: str) -> None:
        settings_of = {name for name in of_kind(overlay, "ConfigMap") if name.startswith("askpro-settings-")}
        for pod in pods(overlay).values():
            for container in containers(pod):
                assert re.fullmatch(r"[\w./]+/askpro:\w[\w.-]*", container["image"])
                assert not container["image"].endswith(":latest")
                sources = [next(iter(source.values()))["name"] for source in container["envFrom"]]
                assert {sources[0]} == settings_of and sources[1:] == ["askpro-secrets"]

    def test_each_starts_a_command_that_there_is(self, overlay: str) -> None:
        for name, pod in pods(overlay).items():
            for container in containers(pod):
                words = " ".join(container.get("command", stages()[-1].command))
                found = re.findall(r"manage\.py (\w+)", words)
                assert set(found) <= set(get_commands())
                assert found or name == "askpro-web"

    def test_whatever_is_started_waits_for_the_migrations(self, overlay: str) -> None:
        for deployment in of_kind(overlay, "Deployment").values():
            (waiting,) = deployment["spec"]["template"]["spec"]["initContainers"]
            assert "migrate --check" in " ".join(waiting["command"])

    def test_where_it_writes_is_memory(self, overlay: str) -> None:
        for pod in pods(overlay).values():
            places = {volume["name"]: volume["emptyDir"] for volume in pod["spec"]["volumes"]}
            assert all(place["medium"] == "Memory" and place["sizeLimit"] for place in places.values())
            for container in containers(pod):
                mounted = {mount["mountPath"]: mount["name"] for mount in container["volumeMounts"]}
                assert set(mounted) == {"/tmp", "/var/lib/askpro/watch"} and set(mounted.values()) == set(places)


@each_overlay
class TestTheWeb:
    def test_it_is_asked_where_it_answers(self, overlay: str) -> None:
        (web,) = pods(overlay)["askpro-web"]["spec"]["containers"]
        ports = {port["name"]: port["containerPort"] for port in web["ports"]}
        assert [*ports.values()] == stages()[-1].ports
        for probe in ("startupProbe", "livenessProbe", "readinessProbe"):
            asked = web[probe]["httpGet"]
            assert asked["path"] in settings.PROBES and asked["port"] in ports
        # Without PostgreSQL, pods leave the service and none is killed.
        assert (web["livenessProbe"]["httpGet"]["path"], web["readinessProbe"]["httpGet"]["path"]) == (
            "/health/live",
            "/health/ready",
        )

    def test_the_way_to_it_leads_there(self, overlay: str) -> None:
        (service,) = of_kind(overlay, "Service").values()
        assert selects(service["spec"]["selector"], overlay) == ["askpro-web"]
        (ingress,) = of_kind(overlay, "Ingress").values()
        (path,) = ingress["spec"]["rules"][0]["http"]["paths"]
        assert path["backend"]["service"]["name"] == service["metadata"]["name"]
        policies = of_kind(overlay, "NetworkPolicy").values()
        assert sorted(
            map(len, (selects(each["spec"]["podSelector"]["matchLabels"], overlay) for each in policies))
        ) == [
            1,
            len(pods(overlay)),
        ]

    def test_a_roll_out_takes_none_away_before_the_next_is_ready(self, overlay: str) -> None:
        rolled = of_kind(overlay, "Deployment")["askpro-web"]["spec"]["strategy"]["rollingUpdate"]
        assert rolled == {"maxUnavailable": 0, "maxSurge": 1}


@each_overlay
class TestTheQueues:
    def test_each_pool_has_its_pods_and_each_queue_its_pool(self, overlay: str) -> None:
        assert set(queues(overlay)) == set(POOLS)
        for name, pod in queues(overlay).items():
            (container,) = pod["spec"]["containers"]
            assert container["command"][-4:] == ["--environment", "kubernetes", "--pool", name]

    def test_the_engine_balances_nothing_there(self, overlay: str) -> None:
        assert {pool.strategy for pool in POOLS.values()} == {"off"}

    def test_its_workers_fit_into_its_memory(self, overlay: str) -> None:
        for name, pod in queues(overlay).items():
            (limit,) = (each["resources"]["limits"]["memory"] for each in pod["spec"]["containers"])
            assert int(limit.removesuffix("Mi")) >= POOLS[name].max_processes * POOLS[name].memory + BESIDES, name

    def test_its_jobs_may_finish(self, overlay: str) -> None:
        for name, pod in queues(overlay).items():
            longest = POOLS[name].time_limit + KILL_GRACE + CHORES_GRACE
            assert pod["spec"]["terminationGracePeriodSeconds"] > longest

    def test_a_drain_takes_one_of_a_pool_at_a_time(self, overlay: str) -> None:
        budgets = of_kind(overlay, "PodDisruptionBudget").values()
        covered = [selects(budget["spec"]["selector"]["matchLabels"], overlay) for budget in budgets]
        assert all(budget["spec"]["maxUnavailable"] == 1 for budget in budgets)
        assert sorted(covered) == sorted(
            [[name] for name in pods(overlay) if name not in ("askpro-watch", "askpro-migrate")]
        )


def test_the_settings_are_settings() -> None:
    for overlay in OVERLAYS:
        (config,) = of_kind(overlay, "ConfigMap").values()
        assert set(config["data"]) <= EXAMPLE.keys()
        assert {name: config["data"][name] for name in ("ASKPRO_ENV", "ASKPRO_HOME")} == {
            name: EXAMPLE[name] for name in ("ASKPRO_ENV", "ASKPRO_HOME")
        }


class TestScaling:
    def test_each_pool_is_scaled_and_by_nobody_else(self) -> None:
        scaled = of_kind("production", "ScaledObject")
        deployments = of_kind("production", "Deployment")
        targets = {found["spec"]["scaleTargetRef"]["name"] for found in scaled.values()}
        assert targets == {name for name in deployments if "replicas" not in deployments[name]["spec"]}
        assert targets == {f"askpro-queues-{name}" for name in POOLS}
        assert all(found["spec"]["minReplicaCount"] <= found["spec"]["maxReplicaCount"] for found in scaled.values())

    @pytest.mark.django_db(transaction=True)
    def test_it_goes_by_what_is_told_of_the_queues_of_the_pool(self, told: dict[str, set[str]]) -> None:  # noqa: F811
        for name, found in of_kind("production", "ScaledObject").items():
            pool = POOLS[name.removeprefix("askpro-queues-")]
            depth, oldest = (trigger["metadata"] for trigger in found["spec"]["triggers"])
            for asked in (depth, oldest):
                assert faults(asked["query"], told) == []
                assert set(re.findall(r'queue="(\w+)"', asked["query"])) == set(pool.queues)
                assert isinstance(promql.parse(asked["query"]), promql.AggregateExpr), "one number"
            assert float(depth["threshold"]) == 2 * pool.max_processes
            assert "askpro_queue_oldest_ready_seconds" in oldest["query"] and float(oldest["threshold"]) < 1

    def test_prometheus_asks_one_web_with_the_token(self) -> None:
        (scrape,) = of_kind("production", "ScrapeConfig").values()
        spec = scrape["spec"]
        assert spec["metricsPath"] in settings.PROBES
        assert spec["authorization"]["credentials"]["key"] in EXAMPLE
        ((target,),) = (each["targets"] for each in spec["staticConfigs"])
        (service,) = of_kind("production", "Service").values()
        (port,) = service["spec"]["ports"]
        assert target == f"{service['metadata']['name']}.{service['metadata']['namespace']}.svc:{port['port']}"


def test_every_file_is_used() -> None:
    """What no kustomization names would be forgotten."""
    named: set[Path] = set()
    for file in FOLDER.rglob("kustomization.yaml"):
        words = yaml.safe_load(file.read_text("utf-8"))
        named |= {
            (file.parent / name).resolve() for name in [*words.get("resources", ()), *words.get("components", ())]
        }
        for generator in words.get("configMapGenerator", ()):
            named |= {(file.parent / name).resolve() for name in generator["envs"]}
    for file in FOLDER.rglob("*"):
        if file.is_file() and file.name != "kustomization.yaml":
            assert file.resolve() in named, file
