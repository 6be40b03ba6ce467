"""Every sentence that a person reads is marked for gettext, in Python and in templates."""

from pathlib import Path
from typing import Final

import pytest

from askpro.language.catalogue import ROOT
from askpro.language.extraction import FOLDERS, files
from tests.language.unmarked import in_file, in_python, in_template

# Whose strings people read: pages, forms, names of models and fields, messages to operators. Development is English.
ROOMS: Final = {"admin", "conditions", "console", "models", "privacy", "templates", "watch"}
FILES: Final = {"models.py", "admin.py", "conditions.py", "operators.py", "wizard.py"}
# What programs, the terminal or developers read.
ENGLISH: Final = {
    *("management", "migrations", "dev", "stores", "retention", "channels", "checks.py", "lanes.py", "watcher.py"),
    *("apps.py", "classes.py", "tones.py", "live.html", "metrics", "health"),
}
# Words that both languages have, or that stand for themselves, by file.
THEMSELVES: Final[dict[str, set[str]]] = {
    "askpro/console/effects.py": {"Writes", "Calls"},  # words of docstrings, which are looked for
    # What events and the record say of repairs.
    "askpro/console/repair/editing.py": {"Replaced by job {} with other arguments ({}): {}"},
    "askpro/console/repair/fixing.py": {"closed {} in {} as fixed in {}"},
    "askpro/console/repair/jobs.py": {
        *("sent again", "discarded", "cancelled", "made ready", "put off", "deleted"),
    },
    "askpro/console/repair/running.py": {
        "succeeded with {}",
        "repair {} stopped: the one that was tried failed again",
        "{} by repair {}: {}",
    },
    "askpro/console/repair/starting.py": {"{} of {} {} by repair {}"},
    "askpro/console/tasks.py": {"goes on with the rest"},
    "askpro/console/vendors.py": {"the mail server", "Calls"},  # words of docstrings
    "askpro/console/templates/console/repair/repair.html": {'id="live" data-live="5"'},
    "askpro/console/roles.py": {"Viewer", "Support", "Operator", "Manager", "Administrator", "Salon"},  # groups' keys
    "appointments/admin/follow_up.py": {"Pressed a free time: {}."},
    "appointments/admin/repairing.py": {"tried again", "settled"},
    "notifications/admin/repairing.py": {"sent again"},
    "webhooks/admin/repairing.py": {"replayed"},
    "askpro/console/job_admin.py": {"Cancelled."},  # written into the row (engine_words)
    # Parts of statements, commands, headers and events.
    "askpro/console/dry_run/footprints.py": {
        "A dry run's transaction is neither ended nor left.",  # an exception's text
        '{} RETURNING "{}"."{}"',
    },
    "askpro/console/membership.py": {" = ANY ("},
    "webhooks/admin/curl.py": {"printf %s {} | base64 --decode | {}"},
    "askpro/watch/conditions/dead_jobs.py": {"error_class ~ '\\.({})$'"},
    "askpro/watch/conditions/host.py": {"Date"},
    "askpro/watch/conditions/memory.py": {"was recycled: holds "},
    "askpro/watch/sources.py": {"PostgreSQL does not answer in time"},  # an exception's text
    "webhooks/conditions/vendors.py": {"retell calls"},  # what a finding is about
    "calls/models/company.py": {"Deutsch", "English"},
    "calls/admin/connections.py": {"The mail server refuses the log-in."},  # an exception's text
    # What the console's record says, what jobs say, and names of rights in the database.
    "calls/admin/merging.py": {"Merged ({}): customer {} into {}."},
    "askpro/privacy/wizard.py": {"Exported what is held of the person.", "no customer", "Asked for erasure {}."},
    "askpro/privacy/tasks.py": {"goes on with the rest"},
    "askpro/privacy/erasing/run.py": {
        "appointments are being cancelled",
        "Its person was erased.",
        "a job about the person is running",
    },
    "askpro/privacy/models/erasure.py": {"Can erase a person", "Can export what is held of a person"},
    # Stored with an event.
    "webhooks/models/address.py": {
        "It is about another company than its address.",
        "It came to the shared address, and its company has one of its own.",
    },
    "webhooks/models/event.py": {
        "The person whom it is about was erased.",
        "Unknown event type.",
        "Unknown trigger.",
    },
}


def is_read(path: Path) -> bool:
    inner = path.relative_to(ROOT)
    if ENGLISH.intersection(inner.parts):
        return False
    return bool(ROOMS.intersection(inner.parts)) or inner.name in FILES


PATHS = [path for folder in FOLDERS for path in files(ROOT / folder) if is_read(path)]


@pytest.mark.parametrize("folder", sorted({str(path.parent.relative_to(ROOT)) for path in PATHS}))
def test_no_sentence_is_unmarked(folder: str) -> None:
    found = [
        f"{path.relative_to(ROOT)}:{each.line}: {each.text}"
        for path in PATHS
        if path.parent == ROOT / folder
        for each in in_file(path)
        if each.text not in THEMSELVES.get(str(path.relative_to(ROOT)), ())
    ]
    assert found == [], "mark them for gettext and write their German (CONTRIBUTING.md), or say in THEMSELVES why not"


PYTHON = '''
"""A docstring is no sentence that people read."""
from django.utils.translation import gettext as _

log = logging.getLogger("a name of a logger")

class Admin:
    title = {}
    facts = [({}, value), (_("A label"), value)]
    style = "ap-card ap-wide"
    query = "SELECT id FROM call WHERE status = 'a'"

    def view(self, request: "Http Request"):
        """Nor is this."""
        log.info("Nor what a log says %s", 1)
        if not request:
            raise ValueError("Nor what a developer reads.")
        messages.warning(request, {})
        return _("%(count)s jobs are dead.") % {{"count": f"{{1}} of"}}
'''


@pytest.mark.parametrize(
    ("sentences", "lines"),
    [
        (('_("status")', '_("Started")', '_("Nothing was done.")'), []),
        (('"status"', '_("Started")', '_("Nothing was done.")'), [8]),
        (('_("status")', '"Started"', '_("Nothing was done.")'), [9]),
        (('_("status")', '_("Started")', '"Nothing was done."'), [18]),
        (('"s"', '"SMS"', 'f"{done} {jobs}"'), []),
        (('"s"', '"SMS"', 'f"{done} skipped: no longer so"'), [18]),
    ],
)
def test_it_sees_what_python_tells_unmarked(tmp_path: Path, sentences: tuple[str, ...], lines: list[int]) -> None:
    module = tmp_path / "module.py"
    module.write_text(PYTHON.format(*sentences), "utf-8")

    assert [each.line for each in in_python(module)] == lines


TEMPLATE = """{% load i18n %}
<p title="{% translate "A title" %}" class="of no language">{{ a.b }} {% translate "Some words" %} · 3 ms</p>
{% comment %}No words of a page{% endcomment %}
{% blocktranslate %}All {{ count }} of them{% endblocktranslate %}<code>queues_run --now</code>
<span class="material-symbols-outlined">logout</span>
"""


@pytest.mark.parametrize(
    ("more", "found"),
    [
        ("", []),
        ("<b>Dead</b>", ["Dead"]),
        ('<input placeholder="Name" value="x">', ["Name"]),
        ('<a href="/admin/" aria-label="Close {{ it }}">×</a>', ["Close"]),
        ("{% if a %}none{% else %}{{ n }} s{% endif %}", ["none s"]),
        ('{{ a|default:"no date" }} {{ a|default:_("no date") }} {{ a|default:"–" }}', ['"no date" "–"']),
    ],
)
def test_it_sees_what_a_template_tells_unmarked(tmp_path: Path, more: str, found: list[str]) -> None:
    page = tmp_path / "page.html"
    page.write_text(TEMPLATE + more, "utf-8")

    assert [each.text for each in in_template(page)] == found
