"""Under which licence a package comes, and which licences may be among ours. All are SPDX's names."""

from importlib import metadata
from typing import Final

ALLOWED: Final = {
    *("0BSD", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "ISC", "MIT", "MIT-0", "MIT-CMU", "PSF-2.0"),
    "OFL-1.1",  # fonts
    "MPL-2.0",  # asks for the source of changed files; we change none
    "LGPL-3.0-or-later",  # imported as it is installed, so that others can put their own in its place
}
# Packages whose metadata name no licence of SPDX, or that are not installed in every Python: as their texts say.
TOLD: Final = {
    "async-timeout": "Apache-2.0",
    "cronsim": "BSD-3-Clause",
    "django-dramatiq": "Apache-2.0",
    "drf-spectacular-sidecar": "BSD-3-Clause",
    "psycopg2-binary": "LGPL-3.0-or-later",
    "python-dateutil": "Apache-2.0 OR BSD-3-Clause",
    "segno": "BSD-3-Clause",
    "sqlparse": "BSD-3-Clause",
    "uritemplate": "BSD-3-Clause OR Apache-2.0",
}
# The classifiers that mean one licence; "BSD License" means several.
CLASSIFIED: Final = {
    "License :: OSI Approved :: MIT License": "MIT",
    "License :: OSI Approved :: GNU Lesser General Public License v3 or later (LGPLv3+)": "LGPL-3.0-or-later",
}


def licence(package: str) -> str:
    """The licence of the package as an expression of SPDX, or "" if neither its metadata nor we know it."""
    return _stated(package) or TOLD.get(package, "")


def is_allowed(expression: str) -> bool:
    """Whether one choice that the expression leaves has allowed licences only. Brackets are not read, so refused."""
    return any(set(choice.split(" AND ")) <= ALLOWED for choice in expression.split(" OR "))


def _stated(package: str) -> str:
    try:
        told = metadata.metadata(package)
    except metadata.PackageNotFoundError:
        return ""
    if expressions := told.get_all("License-Expression"):
        return expressions[0]
    # The field was free text once: a name, the whole licence, or a joke.
    if (texts := told.get_all("License")) and texts[0].strip() in ALLOWED:
        return texts[0].strip()
    named = {CLASSIFIED[each] for each in told.get_all("Classifier") or [] if each in CLASSIFIED}
    return named.pop() if len(named) == 1 else ""
