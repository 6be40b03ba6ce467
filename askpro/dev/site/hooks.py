"""What MkDocs calls while it builds: pages that lie outside docs/, links to what is no page, and diagrams."""

import re
from pathlib import Path
from typing import Final

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

# What lies elsewhere because people look for it there, by its place in the site. The README's is the site's first page.
ELSEWHERE: Final = {
    "CONTRIBUTING.md": "contributing.md",
    "CHANGELOG.md": "changelog.md",
    "deploy/runbook.md": "runbook.md",
    "README.md": "index.md",
}
LINK: Final = re.compile(r"(?<=\]\()(?!https?:|mailto:|#)([^)#\s]+)")
# The theme would fetch both from another host. mermaid 11.17.2 draws diagrams, iframe-worker 1.0.4 lets the search work
# in a folder; they are as they were published, with their licences beside them in docs/assets.
MERMAID: Final = '<script src="{up}assets/mermaid.min.js"></script>'
SHIM, OWN_SHIM = "https://unpkg.com/iframe-worker/shim", "{up}assets/iframe-worker.js"
DIAGRAM: Final = '<pre class="mermaid">'


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages that lie outside docs/, and the files that pages link to."""
    root = Path(config.docs_dir).parent
    for source, place in ELSEWHERE.items():
        if place != "index.md":
            text = (root / source).read_text("utf-8")
            files.append(File.generated(config, place, content=_led(text, (root / source).parent, root)))
    for source in sorted(_linked_files(root)):
        files.append(File.generated(config, shown(source), content=(root / source).read_text("utf-8")))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Lead the links of a page to places of the site."""
    if page.file.generated_by:
        return markdown
    root = Path(config.docs_dir).parent
    return _led(markdown, Path(config.docs_dir, page.file.src_uri).parent, root, page.file.src_uri.count("/"))


def on_post_page(output: str, page: Page, config: MkDocsConfig) -> str:
    """Take scripts from the site, and what draws diagrams where there are some."""
    up = "../" * page.url.count("/")
    output = output.replace(SHIM, OWN_SHIM.format(up=up))
    if DIAGRAM in output:
        output = output.replace("</head>", MERMAID.format(up=up) + "</head>", 1)
    return output


def on_post_template(output_content: str, template_name: str, config: MkDocsConfig) -> str:
    """The same for the page that stands where none is."""
    return output_content.replace(SHIM, OWN_SHIM.format(up="/"))


def shown(source: str) -> str:
    """Where the site has a file of the repository: as text, which browsers show."""
    return f"files/{source}.txt"


def _led(text: str, folder: Path, root: Path, depth: int = 0) -> str:
    """The page with its links as the site has them: relative to docs/, in which it lies `depth` folders deep."""

    def led(found: re.Match[str]) -> str:
        target = _source(folder, found[1], root)
        if target.startswith("docs/"):
            place = target.removeprefix("docs/")
        elif target in ELSEWHERE:
            place = ELSEWHERE[target]
        elif (root / target).is_file():
            place = shown(target)
        else:
            return found[1]  # MkDocs warns of it, and the build fails
        return "../" * depth + place

    return LINK.sub(led, text)


def _linked_files(root: Path) -> set[str]:
    """What pages link to outside docs/ that is no page."""
    pages = [*(root / "docs").rglob("*.md"), *(root / name for name in ELSEWHERE if name != "README.md")]
    linked = {_source(page.parent, target, root) for page in pages for target in LINK.findall(page.read_text("utf-8"))}
    return {name for name in linked - set(ELSEWHERE) if not name.startswith("docs/") and (root / name).is_file()}


def _source(folder: Path, target: str, root: Path) -> str:
    """A link's target, counted from the repository's root."""
    whole = (folder / target).resolve()
    return whole.relative_to(root.resolve()).as_posix() if whole.is_relative_to(root.resolve()) else target
