"""Every variable of the environment: its default from askpro/settings.py, its meaning from deploy/env.example."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

from django.conf import settings

from askpro.dev.site.reference.markdown import WRITTEN, code, table

ABOUT: Final = """# Settings

Variables of the environment, in the order of [deploy/env.example](../../deploy/env.example), which is the file to begin
with. `ASKPRO_ENV_FILE` names a file that is read, too; what the environment says already counts more. Queues, pools and
the schedule are code: `askpro/queue_settings.py`, explained in [operations.md](../operations.md).

A default that is written in Python depends on other settings.

"""
VARIABLE: Final = re.compile(r"^(?:# ?)?([A-Z][A-Z_]+)=")
READERS: Final = {
    "str": "text",
    "bool": "true or false",
    "int": "number",
    "float": "number",
    "list": "list",
    "dict": "name=value, …",
    "json": "JSON",
    "db": "URL",
    "email_url": "URL",
}
# For development alone.
LOCAL: Final = {"DEBUG", "SANDBOX_URL"}


class Read(NamedTuple):
    """How the settings read a variable."""

    kind: str
    default: str
    remark: str  # what the settings say above it


def page() -> str:
    """The page."""
    root = Path(settings.BASE_DIR)
    read = _read((root / "askpro/settings.py").read_text("utf-8"))
    told = dict(_told((root / "deploy/env.example").read_text("utf-8")))
    names = [*(name for name in told if name in read), *sorted(read.keys() - told.keys() - LOCAL)]
    rows = ([code(name), read[name].kind, read[name].default, told.get(name) or read[name].remark] for name in names)
    return WRITTEN + ABOUT + table(["variable", "written as", "default", "meaning"], rows)


def _read(source: str) -> dict[str, Read]:
    lines = source.splitlines()
    found: dict[str, Read] = {}
    for node in ast.walk(ast.parse(source)):
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and isinstance(node.func.value, ast.Name)
            and node.func.value.id == "env"
            and node.func.attr in READERS
        ):
            default = next((word.value for word in node.keywords if word.arg == "default"), None)
            name = str(ast.literal_eval(node.args[0]))
            found[name] = Read(READERS[node.func.attr], _default(default), _remark(lines, node.lineno))
    return found


def _default(value: ast.expr | None) -> str:
    if value is None:
        return ""
    try:
        plain = ast.literal_eval(_product(value))
    except ValueError:
        return code(ast.unparse(value))
    if isinstance(plain, list):
        return code(",".join(plain))
    return code(str(plain).lower() if isinstance(plain, bool) else "" if plain == {} else str(plain))


def _product(value: ast.expr) -> ast.expr:
    """`64 * 1024` as the number that it is."""
    if isinstance(value, ast.BinOp) and isinstance(value.op, ast.Mult):
        left, right = (ast.literal_eval(_product(side)) for side in (value.left, value.right))
        return ast.Constant(left * right)
    return value


def _remark(lines: list[str], number: int) -> str:
    above = number - 1
    while lines[above - 1].startswith("#"):
        above -= 1
    return " ".join(line.lstrip("# ") for line in lines[above : number - 1])


def _told(example: str) -> Iterator[tuple[str, str]]:
    """Each variable with the remark above it."""
    remark: list[str] = []
    for line in example.splitlines():
        if variable := VARIABLE.match(line):
            yield variable[1], " ".join(remark)
            remark = []
        else:
            remark = [*remark, line.lstrip("# ")] if line.startswith("#") else []
