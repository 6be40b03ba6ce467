"""Dockerfile and compose.yaml name what there is; tests/deploy/test_image.py builds and starts it, with `--long`."""

import re
import shutil
import subprocess
import tomllib
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.conf import settings
from django.core.management import get_commands

from tests.deploy.dockerfile import ROOT, stages
from tests.deploy.env_files import by_sh, by_systemd
from tests.deploy.test_systemd import FOLDER
from tests.deploy.test_systemd import settings as of_unit

COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text("utf-8"))
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = {name: service for name, service in SERVICES.items() if "build" in service}
EXAMPLE = by_systemd(ROOT / "deploy/env.example")
# An image by its name and all of its version: nothing that moves to the next one by itself.
PINNED = re.compile(r"[\w/]+:\d+\.\d+(\.\d+)?(-[\w.-]+)?")
SHIPPED = ("askpro", "webhooks", "calls", "appointments", "notifications")


def ignored(path: str) -> bool:
    """As .dockerignore says it: the last line that matches a path, or a folder above it, decides."""
    answer = False
    above = [str(parent) for parent in Path(path).parents if str(parent) != "."]
    for line in (ROOT / ".dockerignore").read_text("utf-8").splitlines():
        if line and not line.startswith("#"):
            pattern = line.removeprefix("!")
            if any(_matches(place, pattern) for place in (path, *above)):
                answer = not line.startswith("!")
    return answer


def _matches(place: str, pattern: str) -> bool:
    if pattern.startswith("**/"):
        return fnmatch(Path(place).name, pattern.removeprefix("**/"))
    return place.count("/") == pattern.count("/") and fnmatch(place, pattern)


def tracked() -> list[str]:
    done = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True)
    return done.stdout.splitlines()


def seconds(span: str) -> int:
    return int(span.removesuffix("s"))


class TestTheImage:
    def test_it_is_built_from_one_pinned_image_and_runs_as_nobody(self) -> None:
        build, image = stages()
        assert build.image == image.image and PINNED.fullmatch(image.image)
        assert image.image.count(".") == 2, "three numbers"
        assert re.fullmatch(r"[1-9]\d{3,}:[1-9]\d{3,}", image.user), "an orchestrator cannot tell a name from root"

    def test_every_source_is_there_and_reaches_the_builder(self) -> None:
        for stage in stages():
            for step in stage.steps:
                for source in step.sources if not step.stage else ():
                    assert (ROOT / source).exists(), source
                    assert not ignored(source), source

    def test_it_has_all_of_the_product_and_nothing_of_development(self) -> None:
        sent = [path for path in tracked() if not ignored(path)]
        assert {path for path in tracked() if path.startswith(SHIPPED)} - set(sent) == {
            path for path in tracked() if path.startswith("askpro/dev/")
        }
        others = [path for path in sent if not path.startswith((*(f"{app}/" for app in SHIPPED), "locale/"))]
        assert others == ["deploy/env.example", "deploy/runbook.md", "manage.py", "requirements.lock"]

    @pytest.mark.parametrize("path", [".env", ".tls/privkey.pem", ".askpro/x", ".venv/bin/python", "askpro/a.pyc"])
    def test_no_secret_and_nothing_made_here_reaches_the_builder(self, path: str) -> None:
        assert ignored(path)

    def test_the_apps_are_those_that_the_product_has(self) -> None:
        known = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"]["root_packages"]
        assert set(SHIPPED) == set(known)

    def test_it_serves_as_the_unit_does_and_is_asked_where_it_listens(self) -> None:
        _, image = stages()
        (unit,) = (value for name, value in of_unit(FOLDER / "askpro-web.service") if name == "ExecStart")
        _, *words = unit.replace("127.0.0.1", "0.0.0.0").split()  # noqa: S104
        assert image.command == ["gunicorn", *words]
        (port,) = image.ports
        assert f"0.0.0.0:{port}" in image.command
        (asked,) = re.findall(r"http://127\.0\.0\.1:(\d+)(/[\w/]+)", " ".join(image.health))
        assert asked[0] == str(port) and asked[1] in settings.PROBES

    @pytest.mark.parametrize(
        "text",
        [
            "RUN true",
            "FROM a b",
            "FROM a:1\nADD x y",
            "FROM a:1\nCOPY --chmod=1 x y",
            "FROM a:1\nCMD x",
            "FROM a:1\nRUN --mount=x y",
        ],
    )
    def test_what_is_not_understood_is_refused(self, text: str) -> None:
        with pytest.raises(ValueError):
            stages(text)


class TestCompose:
    def test_every_part_is_there(self) -> None:
        assert set(SERVICES) == {"migrate", "web", "queues", "watch", "proxy", "postgres", "valkey"}
        assert set(OURS) == {"migrate", "web", "queues", "watch"}

    @pytest.mark.parametrize("name", sorted(set(SERVICES) - set(OURS)))
    def test_images_of_others_are_pinned(self, name: str) -> None:
        assert PINNED.fullmatch(SERVICES[name]["image"])

    @pytest.mark.parametrize("name", OURS)
    def test_it_starts_commands_that_there_are(self, name: str) -> None:
        said = " ".join([*OURS[name].get("command", []), str(OURS[name].get("healthcheck", ""))])
        named = re.findall(r"manage\.py (\w+)", said.replace(" manage.py, ", " manage.py "))
        assert set(named) <= set(get_commands()) and (named or name == "web")

    @pytest.mark.parametrize("name", OURS)
    def test_it_may_nothing_that_it_needs_not(self, name: str) -> None:
        service = OURS[name]
        assert service["read_only"] and service["cap_drop"] == ["ALL"] and service["init"]
        assert service["security_opt"] == ["no-new-privileges:true"]
        assert "user" not in service, "the image's"
        assert [place.partition(":")[0] for place in service["tmpfs"]] == ["/tmp", "/var/lib/askpro/watch"]
        assert service["env_file"] == ".env"

    @pytest.mark.parametrize("name", ["web", "queues", "watch"])
    def test_it_may_take_as_long_to_stop_as_under_systemd(self, name: str) -> None:
        unit = dict(of_unit(FOLDER / f"askpro-{name}.service"))
        assert seconds(SERVICES[name]["stop_grace_period"]) == int(unit["TimeoutStopSec"])

    @pytest.mark.parametrize("name", SERVICES)
    def test_it_waits_for_those_that_can_be_waited_for(self, name: str) -> None:
        assert SERVICES[name]["restart"]
        for other, how in SERVICES[name].get("depends_on", {}).items():
            if how["condition"] == "service_completed_successfully":
                assert other == "migrate"
            else:
                assert how["condition"] == "service_healthy" and (other == "web" or "healthcheck" in SERVICES[other])

    def test_every_variable_is_a_setting_or_stands_in_what_is_prepared(self, prepared: dict[str, str]) -> None:
        text = (ROOT / "compose.yaml").read_text("utf-8")
        assert set(re.findall(r"(?<!\$)\$\{(\w+)", text)) <= prepared.keys()
        for service in OURS.values():
            assert set(service["environment"]) <= EXAMPLE.keys()
        assert SERVICES["postgres"]["environment"]["POSTGRES_USER"] in OURS["web"]["environment"]["DATABASE_URL"]
        hosts = re.findall(r"[@/]([a-z]+):\d+", " ".join(OURS["web"]["environment"].values()))
        assert hosts == ["postgres", "valkey"]

    def test_the_proxy_is_that_of_a_host_with_the_names_and_the_web_of_this_one(
        self, prepared: dict[str, str], tmp_path: Path
    ) -> None:
        shell, flags, script = SERVICES["proxy"]["command"]
        script, _, start = script.rstrip().replace("$$", "$").rpartition("\n")
        assert start.startswith("exec nginx")
        shutil.copy(ROOT / "deploy/nginx/askpro.conf", tmp_path)
        script = script.replace(" /askpro.conf", f" {tmp_path}/askpro.conf").replace(
            "/etc/nginx/conf.d", str(tmp_path / "d")
        )
        (tmp_path / "d").mkdir()
        names = prepared["ALLOWED_HOSTS"] + ",www.example.org"
        subprocess.run([shell, flags, script], env={"ALLOWED_HOSTS": names, "PATH": "/usr/bin:/bin"}, check=True)
        made = (tmp_path / "d/askpro.conf").read_text("utf-8")
        assert "server web:8000;" in made and "server_name termine.example.org www.example.org;" in made
        remarks = re.compile(r"^\s*#.*$", re.MULTILINE)
        assert not re.search(r"127\.0\.0\.1:|askpro\.example", remarks.sub("", made))


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What deploy/docker/prepare writes."""
    home = tmp_path_factory.mktemp("host")
    for name in ("deploy/docker/prepare", "deploy/env.example"):
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, home / name)
    command = [str(home / "deploy/docker/prepare"), "termine.example.org"]
    subprocess.run(command, capture_output=True, check=True, timeout=30)
    again = subprocess.run(command, capture_output=True, text=True, check=False, timeout=30)
    assert again.returncode == 1 and "not replaced" in again.stderr
    assert (home / ".env").stat().st_mode & 0o777 == 0o600
    assert {path.name for path in (home / ".tls").iterdir()} == {"privkey.pem", "fullchain.pem"}
    assert by_sh(home / ".env") == by_systemd(home / ".env")
    return by_sh(home / ".env")


def test_what_is_prepared_has_its_own_secrets_and_the_name_of_the_host(prepared: dict[str, str]) -> None:
    secrets = [prepared[name] for name in ("SECRET_KEY", "DATA_KEYS", "METRICS_TOKEN", "POSTGRES_PASSWORD")]
    assert len(set(secrets)) == 4 and all(len(secret) == 64 for secret in secrets)
    assert prepared["ALLOWED_HOSTS"] == "termine.example.org"
    assert prepared["ASKPRO_PUBLIC_URL"] == "https://termine.example.org"
    assert set(prepared) - set(EXAMPLE) == {"POSTGRES_PASSWORD"}
