"""`manage.py docs --write`: the pages of docs/reference anew."""

import os
from pathlib import Path

import django


def main() -> None:
    """Write each page that is not as the code says, and name it."""
    os.environ["ASKPRO_ENV"] = "testing"
    os.environ["DJANGO_SETTINGS_MODULE"] = "askpro.settings"
    django.setup()
    from django.conf import settings

    from askpro.dev.site.reference import PAGES

    for name, page in PAGES.items():
        path = Path(settings.BASE_DIR) / "docs/reference" / name
        text = page()
        if not path.exists() or path.read_text("utf-8") != text:
            path.write_text(text, encoding="utf-8")
            print(f"docs/reference/{name} is written anew.")


if __name__ == "__main__":
    main()
