"""What production has that others wrote: the packages of its lock, and files that pages load."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from askpro.dev.supply.licences import licence
from askpro.dev.supply.locks import Lock, Locked
from askpro.dev.up.installation import RUN_TIME


@dataclass(frozen=True)
class Files:
    """Files of others below `folder`: of the repository, or, with `package`, of that package in site-packages."""

    name: str
    version: str  # "" where the files do not tell it: it comes and goes with the package's
    licence: str
    purpose: str
    folder: str
    package: str = ""


UNFOLD, ADMIN = "unfold/static/unfold", "django/contrib/admin/static/admin"
REST, SIDECAR = "rest_framework/static/rest_framework", "drf_spectacular_sidecar/static/drf_spectacular_sidecar"
SWAGGER = f"{SIDECAR}/swagger-ui-dist"
FILES: Final = (
    Files("idiomorph", "0.8.0", "0BSD", "The console's live pages", "askpro/console/static/console/idiomorph"),
    Files("mermaid", "11.17.2", "MIT", "Diagrams of the documentation", "docs/assets"),
    Files("iframe-worker", "1.0.4", "MIT", "Search in the documentation", "docs/assets"),
    Files("alpinejs", "", "MIT", "The console's menus", f"{UNFOLD}/js/alpine", "django-unfold"),
    Files("htmx.org", "", "0BSD", "Parts of the console's pages", f"{UNFOLD}/js/htmx", "django-unfold"),
    Files("chart.js", "", "MIT", "The console's charts", f"{UNFOLD}/js/chart", "django-unfold"),
    Files("simplebar", "", "MIT", "The console's scroll bars", f"{UNFOLD}/js/simplebar", "django-unfold"),
    Files("simplebar", "", "MIT", "Their style", f"{UNFOLD}/css/simplebar", "django-unfold"),
    Files("inter", "", "OFL-1.1", "The console's font", f"{UNFOLD}/fonts/inter", "django-unfold"),
    Files(
        *("material-symbols", "", "Apache-2.0", "The console's icons"),
        *(f"{UNFOLD}/fonts/material-symbols", "django-unfold"),
    ),
    Files("jquery", "", "MIT", "Django's admin", f"{ADMIN}/js/vendor/jquery", "django"),
    Files("select2", "", "MIT", "Django's admin", f"{ADMIN}/js/vendor/select2", "django"),
    Files("select2", "", "MIT", "Its style", f"{ADMIN}/css/vendor/select2", "django"),
    Files("xregexp", "", "MIT", "Django's admin", f"{ADMIN}/js/vendor/xregexp", "django"),
    Files("django-admin-icons", "", "MIT", "Django's admin", f"{ADMIN}/img", "django"),
    Files("jquery", "", "MIT", "The API's pages", f"{REST}/js", "djangorestframework"),
    Files("bootstrap", "", "MIT", "The API's pages", f"{REST}/css", "djangorestframework"),
    Files("font-awesome", "", "OFL-1.1 AND MIT", "The API's pages", f"{REST}/fonts", "djangorestframework"),
    Files("prettify", "", "Apache-2.0", "The API's pages", f"{REST}/js", "djangorestframework"),
    Files("swagger-ui-dist", "", "Apache-2.0", "The API's pages", SWAGGER, "drf-spectacular-sidecar"),
    Files("redoc", "", "MIT", "The API's pages", f"{SIDECAR}/redoc", "drf-spectacular-sidecar"),
)


def packages(root: Path) -> list[tuple[Locked, str]]:
    """Each package that production installs, with its licence, or "" where nobody knows it."""
    return [(each, licence(each.name)) for each in Lock(root, RUN_TIME).packages()]
