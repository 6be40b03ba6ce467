"""docs/deploy.md, followed to the letter: a bare Debian, then a signed call that is booked through nginx and TLS."""

import json
import os
import re
import ssl
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import holidays
import pyotp
import pytest

from askpro.dev.front.nginx import Front
from askpro.dev.sandbox.client import SandboxClient
from askpro.dev.sandbox.courier import retell_signature
from askpro.dev.sandbox.credentials import LOCAL, environment
from askpro.dev.sandbox.demo.call import call_object
from askpro.dev.sandbox.demo.callers import Caller
from askpro.dev.sandbox.demo.scenarios import COLOUR, Scenario
from askpro.dev.sandbox.retell import events
from askpro.dev.sandbox.testing import running_sandbox
from askpro.dev.up.process import wait_until
from tests.appointments.salon import BERLIN
from tests.deploy import debian
from tests.deploy.debian import OUTSIDE, Debian
from tests.deploy.document import DOCUMENT, ROOT, blocks

pytestmark = [pytest.mark.long, pytest.mark.skipif(not debian.is_possible(), reason=f"a bare Debian {debian.ADVICE}")]

CACHE = Path(os.environ.get("ASKPRO_HOME") or ROOT / ".askpro") / "debian"
NAME = "termine.example.org"
BLOCKS = blocks(DOCUMENT.read_text("utf-8"))
PASSWORD = "Kranich-7-Moorlicht"
SCENARIO = Scenario("deployed", "", event_type=COLOUR, to_number="+493023125160")
SETTINGS = "/etc/askpro.env"
IMPORTS = (
    "from calls.models import Call; from appointments.models import Appointment, FollowUp;"
    " from askpro.queues.models import Supervisor"
)
# As a release may have one: it adds something, and the release before works on.
MIGRATION = """
from django.db import migrations

class Migration(migrations.Migration):
    dependencies = [("calls", "LAST")]
    operations = [migrations.RunSQL("CREATE TABLE calls_next (id bigint)", "DROP TABLE calls_next")]
"""
# As deploy/company.example.yaml has it.
OPEN = (1, 2, 4)
HOLIDAYS = {date(2026, 12, 24) + timedelta(days=number) for number in range(10)}


@pytest.fixture
def sandbox() -> Iterator[SandboxClient]:
    with running_sandbox() as client:
        # Its webhooks would go to a host whose name nobody knows.
        client.switch(webhooks="off")
        yield client


@pytest.fixture(params=debian.RELEASES)
def host(request: pytest.FixtureRequest, tmp_path: Path, sandbox: SandboxClient) -> Iterator["Followed"]:
    machine = Debian(request.param, tmp_path, CACHE)
    try:
        machine.boot()
        yield Followed(machine, sandbox)
    finally:
        machine.close()


class Followed:
    """A host on which somebody follows the document."""

    def __init__(self, machine: Debian, sandbox: SandboxClient) -> None:
        self.machine, self.sandbox = machine, sandbox
        self.followed: set[str] = set()
        self._repository = machine.root / "srv/git/askpro.git"
        self._publish_this()

    def follow(self, *sections: str) -> str:
        """Run the blocks of these sections; what they printed."""
        self.followed |= set(sections)
        found = [block for block in BLOCKS if block.section in sections and not block.is_left_out]
        assert {block.section for block in found} == set(sections)
        said = ""
        for block in found:
            if block.language == "ini":
                self._fill_in(block.text)
            else:
                answers = [PASSWORD, PASSWORD] if "createsuperuser" in block.text else []
                said += self.machine.run(block.text, answers)
        return said

    def front(self) -> Front:
        """The host as the internet sees it."""
        certificate = self.machine.root / "etc/ssl/askpro/fullchain.pem"
        return Front(
            self.machine.reach(80), self.machine.reach(443), ssl.create_default_context(cafile=certificate), NAME
        )

    def publish(self, files: dict[str, str]) -> None:
        """Publish a release that has these files besides."""
        copy = self.machine.root / "srv/release"
        _git("clone", "--quiet", str(self._repository), str(copy))
        for name, text in files.items():
            (copy / name).write_text(text)
        _git("add", ".", at=copy)
        _git("-c", "user.name=T", "-c", "user.email=t@example.org", "commit", "--quiet", "-m", "Next release.", at=copy)
        _git("push", "--quiet", at=copy)

    def ask(self, expression: str) -> Any:
        """What a Python expression about rows is in the installation; it must not have double quotes."""
        program = f"import json; {IMPORTS}; print(json.dumps({expression}))"
        return json.loads(self.machine.run(f'askpro shell -v 0 -c "{program}"').splitlines()[-1])

    def _fill_in(self, lines: str) -> None:
        """As the reader does with an editor: the values of the accounts, which are the sandbox's here."""
        theirs = environment(self.sandbox.url.replace("127.0.0.1", OUTSIDE), self.sandbox.smtp_port)
        theirs["EMAIL_URL"] = theirs["EMAIL_URL"].replace("127.0.0.1", OUTSIDE)
        theirs["ALERT_SMS_TO"] = "+4915112345678"
        path = self.machine.root / SETTINGS.lstrip("/")
        text = path.read_text("utf-8")
        for name, value in re.findall(r"^(\w+)=(.*)$", lines, re.M):
            line = f"{name}={theirs.get(name, value)}"
            text, count = re.subn(rf"^(# )?{name}=.*$", lambda _, line=line: line, text, flags=re.M)
            assert count == 1, name
        for name in ("RETELL_BASE_URL", "CALCOM_BASE_URL", "TWILIO_BASE_URL"):
            text, count = re.subn(rf"^# {name}=.*$", f"{name}={theirs[name]}", text, flags=re.M)
            assert count == 1, name
        path.write_text(text, "utf-8")

    def _publish_this(self) -> None:
        """The repository as it stands in this checkout, changes that nobody has committed included."""
        _git("init", "--quiet", "--bare", "--initial-branch=main", str(self._repository))
        here = _git("stash", "create", at=ROOT) or _git("rev-parse", "HEAD", at=ROOT)
        _git("push", "--quiet", str(self._repository), f"{here}:refs/heads/main", at=ROOT)
        (self.machine.root / "etc/gitconfig").write_text('[url "/srv/git/"]\n\tinsteadOf = https://git.example/\n')


def test_the_document_leads_from_a_bare_debian_to_booked_calls(host: Followed) -> None:
    host.follow("1. Packages", "2. The program", "3. Settings", "4. The database", "5. The services", "6. nginx")
    host.follow("7. The first log-in", "8. The first company")
    log_in(host)
    book(host)
    host.follow("9. A call", "10. Logs", "11. Backups")

    host.machine.crash()
    host.machine.boot()
    host.follow("After a restart of the host")
    book(host)

    last = max(path.stem for path in (ROOT / "calls/migrations").glob("0*.py"))
    host.publish(
        {"askpro/static/next-release.txt": "next", "calls/migrations/9999_next.py": MIGRATION.replace("LAST", last)}
    )
    before = installed(host)
    with visits(host.front()) as answers:
        host.follow("An upgrade")
    assert set(answers) == {200} and len(answers) > 50
    assert installed(host) != before
    assert wait_until(lambda: running(host) == {installed(host)}, 30, pause=1)
    assert host.front().ask("GET", "/static/next-release.txt").status == 200
    book(host)

    host.follow("Back to the release before")
    assert installed(host) == before
    assert wait_until(lambda: running(host) == {before}, 30, pause=1)
    book(host)

    host.machine.run("systemctl start askpro-backup")
    # Retell is asked for what it has said nothing of for a while.
    book(host, timedelta(minutes=10))
    lose_the_database(host)
    assert "Everything adds up." in host.follow("A restore")
    assert host.ask("Appointment.objects.filter(status='confirmed').count()") == len(host.sandbox.bookings("accepted"))
    assert host.ask("Call.objects.count()") == len(host.sandbox.calls())
    book(host)

    host.follow("Removal")
    assert "askpro" not in host.machine.run("ls /etc /opt /root /var/lib /etc/systemd/system /usr/local/bin /home")
    assert host.followed == {block.section for block in BLOCKS}


def log_in(host: Followed) -> None:
    """By name and password, then with a second factor, which an administrator must have."""
    browser = Browser(host.front())
    browser.post("/admin/login/", username="admin", password=PASSWORD)
    page = browser.post("/admin/second-factor/")
    secret = re.search(r'class="ap-mono">([A-Z2-7]+)<', page)
    assert secret, page
    assert "recovery" in browser.post("/admin/second-factor/", code=pyotp.TOTP(secret[1]).now()).lower()
    assert "Salon Zaunkönig" in browser.get("/admin/calls/company/")


class Browser:
    """Keeps cookies, follows redirects and sends forms with their token."""

    def __init__(self, front: Front) -> None:
        self._front = front
        self._cookies: dict[str, str] = {}

    def get(self, path: str) -> str:
        return self._ask("GET", path)

    def post(self, path: str, **fields: str) -> str:
        token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', self.get(path))
        assert token
        body = urlencode({"csrfmiddlewaretoken": token[1], **fields}).encode()
        return self._ask("POST", path, body, Content_Type="application/x-www-form-urlencoded")

    def _ask(self, method: str, path: str, body: bytes | None = None, **headers: str) -> str:
        cookies = "; ".join(f"{name}={value}" for name, value in self._cookies.items())
        known = {"Cookie": cookies, "Referer": f"https://{NAME}{path}"}
        answer = self._front.ask(method, path, body, **known, **headers)
        for set_cookie in answer.headers.get_all("Set-Cookie") or ():
            name, _, value = set_cookie.partition(";")[0].partition("=")
            self._cookies[name] = value
        if answer.status == 302:
            return self._ask("GET", answer.headers["Location"])
        assert answer.status == 200, f"{method} {path}: {answer.status}"
        return str(answer.text)  # type: ignore[attr-defined]


def installed(host: Followed) -> str:
    return host.machine.run(f"grep ^ASKPRO_VERSION= {SETTINGS}").strip().partition("=")[2]


def running(host: Followed) -> set[str]:
    """Which release the web and the queues say that they are."""
    web = json.loads(host.front().ask("GET", "/health/ready").text)["version"]  # type: ignore[attr-defined]
    queues = host.ask("list(Supervisor.objects.filter(status='running').values_list('code_version', flat=True))")
    return {web, *queues}


def lose_the_database(host: Followed) -> None:
    host.machine.run("set -- $(pg_lsclusters --no-header); pg_dropcluster --stop $1 $2; pg_createcluster --start $1 $2")


@contextmanager
def visits(front: Front) -> Iterator[list[int]]:
    """Ask all the time, and note how it is answered."""
    answers: list[int] = []
    done = threading.Event()

    def visit() -> None:
        while not done.wait(0.05):
            answers.append(front.ask("GET", "/admin/login/").status)

    visitor = threading.Thread(target=visit)
    visitor.start()
    try:
        yield answers
    finally:
        done.set()
        visitor.join()


def book(host: Followed, ago: timedelta = timedelta()) -> None:
    """A call with a signature comes in by TLS, and an appointment comes out at Cal.com."""
    before = len(host.sandbox.bookings("accepted"))
    caller = Caller("Ayşe", "Demir", f"+49155501004{before:02}", f"ayse{before}.demir@example.org")
    call = call_object(SCENARIO, caller, slot(before), datetime.now(UTC) - ago)
    host.sandbox.deliver_call(call, ())  # so that Retell has it; who is told of it is what follows
    front = host.front()
    for event in (events.STARTED, events.ENDED, events.ANALYZED):
        body = events.body(event, call)
        signed = {"X_Retell_Signature": retell_signature(LOCAL["RETELL_API_KEYS"], body)}
        assert front.ask("POST", "/webhooks/retell/", body, Content_Type="application/json", **signed).status == 204
    assert wait_until(lambda: len(host.sandbox.bookings("accepted")) > before, 60, pause=0.5), host.machine.run(
        "askpro queues_status; journalctl -u askpro-queues -n 50 --no-pager"
    )
    outcome = f"Call.objects.get(retell_call_id='{call['call_id']}').outcome"
    assert wait_until(lambda: host.ask(outcome) == "booked", 30, pause=1)


def slot(number: int) -> datetime:
    """An afternoon at which the company of the document is open; each number has another day."""
    closed = holidays.country_holidays("DE", "BE")
    today = datetime.now(BERLIN).date()
    days = (today + timedelta(days=ahead) for ahead in range(2, 90))
    open_days = [day for day in days if day.weekday() in OPEN and day not in closed and day not in HOLIDAYS]
    return datetime.combine(open_days[number], time(14), BERLIN)


def _git(*arguments: str, at: Path = ROOT) -> str:
    done = subprocess.run(["git", *arguments], cwd=at, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()
