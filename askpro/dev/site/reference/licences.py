"""What production is made of, and under which licences, from its lock and what is installed."""

from pathlib import Path
from typing import Final

from django.conf import settings

from askpro.dev.site.reference.markdown import WRITTEN, code, table
from askpro.dev.supply.licences import ALLOWED
from askpro.dev.supply.locks import Lock
from askpro.dev.supply.parts import FILES, packages
from askpro.dev.up.installation import RUN_TIME

ABOUT: Final = """# Licences

What production has that others wrote. `python3 manage.py sbom --output FILE` writes the same for machines, with hashes
(CycloneDX 1.6). What comes under no licence of these does not get in:
{allowed}.

Some packages bring libraries in C inside their wheels, such as libpq and OpenSSL in psycopg2-binary. They are not
listed.

"""


def page() -> str:
    """The page."""
    root = Path(settings.BASE_DIR)
    purposes = Lock(root, RUN_TIME).remarks()
    rows = [
        (each.name, each.version, licence, purposes.get(each.name) or "For " + ", ".join(sorted(each.needed_by)))
        for each, licence in packages(root)
    ]
    files = [
        (each.name, each.version or f"as {each.package} brings it", each.licence, each.purpose, code(each.folder))
        for each in FILES
    ]
    return (
        WRITTEN
        + ABOUT.format(allowed=", ".join(sorted(ALLOWED)))
        + "## Packages\n\n"
        + table(["Package", "Version", "Licence", "What for"], rows)
        + "\n## Files that pages load\n\n"
        + table(["Name", "Version", "Licence", "What for", "Where"], files)
    )
