"""`manage.py docs`: builds the site, serves it, lists its links, or writes the pages that come from the code."""

import argparse
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from askpro.dev.up.environment import of_tests
from askpro.dev.up.home import free_below
from askpro.dev.up.session import run_to_end

OUTSIDE: Final = re.compile(r"\]\((https?://[^)\s]+)\)")


def run(root: Path, options: argparse.Namespace) -> int:
    """Build, serve, list or write; the exit code of what did it. A link that leads nowhere fails the build."""
    if options.links:
        print("\n".join(sorted(set(outside(root)))))
        return 0
    # The theme's own news about MkDocs is not ours to tell at each build.
    env = {**of_tests(free_below(root, "docs")), "NO_MKDOCS_2_WARNING": "1"}
    if options.write:
        return run_to_end([sys.executable, "-m", "askpro.dev.site.write"], root, env)
    if options.serve:
        return run_to_end([sys.executable, "-m", "mkdocs", "serve"], root, env)
    # Not --quiet: what is not told is not counted, and a link that leads nowhere would pass.
    output = Path(options.output or root / ".askpro" / "site").absolute()
    code = run_to_end([sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(output)], root, env)
    if code == 0:
        print(f"The site is at {output / 'index.html'}")
    return code


def outside(root: Path) -> Iterator[str]:
    """Every link to another host, with its page. Nothing follows them: the documentation is built without a network."""
    for page in [*root.glob("*.md"), *root.glob("docs/**/*.md"), root / "deploy/runbook.md"]:
        for link in OUTSIDE.findall(page.read_text("utf-8")):
            yield f"{link}  {page.relative_to(root)}"
