"""The image as the Dockerfile makes it, built without an engine (tests/deploy/boxed.py): it starts, works and stops."""

import json
import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from urllib.request import ProxyHandler, build_opener

import pytest

from askpro.dev.up import ports
from askpro.dev.up.process import wait_until
from tests.deploy import boxed
from tests.deploy.boxed import Box, Image
from tests.deploy.dockerfile import ROOT, stages
from tests.deploy.env_files import by_systemd
from tests.deploy.test_boxes import OURS, ignored, tracked

pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(not boxed.is_possible(), reason=f"an image without an engine {boxed.ADVICE}"),
    pytest.mark.xdist_group("image"),
]
CACHE = Path(os.environ.get("ASKPRO_HOME") or ROOT / ".askpro") / "debian"
WRITABLE = [place.partition(":")[0] for place in OURS["web"]["tmpfs"]]
SECRETS = {"SECRET_KEY": "k" * 30 + "0123456789" * 3, "DATA_KEYS": "5a" * 32, "OPS_EMAILS": "ops@askpro.example"}
OPENER = build_opener(ProxyHandler({}))

Start = Callable[[Sequence[str]], Box]


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Image:
    sent = [path for path in tracked() if not ignored(path)]
    return Image(stages(), sent, tmp_path_factory.mktemp("image"), CACHE)


@pytest.fixture
def start(image: Image, child_environment: Callable[..., dict[str, str]], transactional_db: None) -> Iterator[Start]:
    own = {name: value for name, value in child_environment().items() if name in ("DATABASE_URL", "REDIS_URL")}
    environment = {**by_systemd(ROOT / "deploy/env.example"), **SECRETS, **own}
    begun: list[Box] = []

    def start(command: Sequence[str]) -> Box:
        begun.append(image.start(command, environment, WRITABLE))
        return begun[-1]

    yield start
    for box in begun:
        box.kill()


def ready(port: int) -> str:
    """What /health/ready says; empty while nobody answers."""
    try:
        with OPENER.open(f"http://127.0.0.1:{port}/health/ready", timeout=5) as answer:
            return str(json.load(answer)["status"])
    except OSError:  # it does not listen yet, or a busy machine takes longer
        return ""


def test_it_has_nothing_of_development_and_nothing_that_builds(image: Image) -> None:
    there = {path.name for path in (image.root / "opt/askpro").iterdir()}
    apps = {"appointments", "askpro", "calls", "notifications", "webhooks"}
    assert there == {*apps, ".venv", "deploy", "locale", "manage.py", "requirements.lock"}
    assert not (image.root / "opt/askpro/askpro/dev").exists()
    assert not [*(image.root / "opt/askpro/.venv/lib").glob("*/site-packages/pip")]
    assert not [name for name in ("gcc", "cc", "make") if (image.root / "usr/bin" / name).exists()]
    assert (image.root / "opt/askpro/locale/de/LC_MESSAGES/django.mo").exists()
    assert (image.root / "var/lib/askpro/static/admin/css/base.css").exists()


def test_migrations_are_done_and_nothing_is_wrong_with_its_settings(start: Start) -> None:
    box = start(OURS["migrate"]["command"])
    assert box.wait(120) == 0, box.said
    assert "No migrations to apply." in box.said


def test_web_queues_and_watch_work_on_a_root_that_nobody_can_write_to(image: Image, start: Start) -> None:
    port = ports.choose()
    web = start([word.replace("0.0.0.0:8000", f"127.0.0.1:{port}") for word in image.stage.command])
    assert wait_until(lambda: ready(port) == "degraded", 60), web.said
    queues = start([*OURS["queues"]["command"], "--pool", "low"])
    assert wait_until(lambda: ready(port) == "ready", 60), queues.said
    watch = start(OURS["watch"]["command"])
    beat = Path(f"/proc/{watch.first().pid}/root/var/lib/askpro/watch/beat")
    assert wait_until(beat.exists, 60), watch.said

    for box in (web, queues, watch):
        first = box.first()
        assert set(first.uids()) == {int(image.stage.user.partition(":")[0])}
        status = Path(f"/proc/{first.pid}/status").read_text("ascii")
        assert "CapEff:\t0000000000000000" in status and "NoNewPrivs:\t1" in status
        mounts = Path(f"/proc/{first.pid}/mounts").read_text("utf-8").splitlines()
        assert next(line for line in mounts if line.split()[1] == "/").split()[3].startswith("ro,")
    assert OPENER.open(f"http://127.0.0.1:{port}/static/admin/css/base.css", timeout=5).status == 200

    assert [box.stop(30) for box in (watch, queues, web)] == [0, 0, 0], watch.said + queues.said + web.said
    assert "Traceback" not in web.said + queues.said + watch.said


def test_its_health_check_fails_where_nobody_answers(image: Image, start: Start) -> None:
    box = start(image.stage.health)
    assert box.wait(30) != 0
    assert "Connection refused" in box.said
