"""docs/privacy.md says what the settings say."""

import re
from pathlib import Path

from django.conf import settings

from askpro.privacy.classes import Kept

TEXT = (Path(settings.BASE_DIR) / "docs/privacy.md").read_text("utf-8")


def test_it_has_every_class_of_data_with_its_days() -> None:
    written = dict(re.findall(r"^\| `(\w+)` \| (\d+) \|", TEXT, re.MULTILINE))
    assert written == {kind: str(days) for kind, days in settings.RETENTION_DAYS.items()}
    assert list(written) and set(written) == set(Kept.values)
