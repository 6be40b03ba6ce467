"""No file of the product imports itself through others; imports in functions and for types count, too."""

import ast
from collections import deque
from collections.abc import Iterable, Iterator
from pathlib import Path

PROJECT = Path(__file__).parents[1]
PACKAGES = ("askpro", "calls", "appointments", "webhooks", "notifications")

Graph = dict[str, set[str]]


def test_the_product_has_no_import_circle() -> None:
    graph = imports_of(PROJECT, PACKAGES)
    assert len(graph) > 500 and "webhooks.models" in graph["webhooks.inbox.sweepers"], "the files were not read"
    assert [" → ".join(circle) for circle in circles(graph)] == []


def test_a_circle_is_named(tmp_path: Path) -> None:
    write(tmp_path, "shop/__init__.py", "")
    write(tmp_path, "shop/order.py", "from shop import price\nimport os\n")
    write(tmp_path, "shop/price.py", "def of(order):\n    from shop.discount import rate\n    return rate(order)\n")
    write(tmp_path, "shop/discount.py", "if TYPE_CHECKING:\n    from .order import Order\n")
    write(tmp_path, "shop/bill.py", "import shop.order\n")
    assert circles(imports_of(tmp_path, ["shop"])) == [["shop.discount", "shop.order", "shop.price", "shop.discount"]]


def test_a_package_stands_for_what_it_imports(tmp_path: Path) -> None:
    write(tmp_path, "shop/__init__.py", "from shop.order import Order\n")
    write(tmp_path, "shop/order.py", "from shop import Order\n")
    assert circles(imports_of(tmp_path, ["shop"])) == [["shop", "shop.order", "shop"]]


def imports_of(root: Path, packages: Iterable[str]) -> Graph:
    """Each module with the modules of these packages that it names in an import, wherever in the file."""
    files = {name(root, path): path for package in packages for path in sorted((root / package).rglob("*.py"))}
    return {module: set(named(module, path, files)) - {module} for module, path in files.items()}


def circles(graph: Graph) -> list[list[str]]:
    """A shortest circle for each module that has one, without those through the same modules."""
    found: dict[frozenset[str], list[str]] = {}
    for module in graph:
        if way := way_back(graph, module):
            found.setdefault(frozenset(way), way)
    return list(found.values())


def way_back(graph: Graph, start: str) -> list[str]:
    ways = deque([[start]])
    seen: set[str] = set()
    while ways:
        way = ways.popleft()
        for module in sorted(graph[way[-1]] - seen):
            if module == start:
                return [*way, start]
            seen.add(module)
            ways.append([*way, module])
    return []


def named(module: str, path: Path, files: dict[str, Path]) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in files)
        elif isinstance(node, ast.ImportFrom):
            origin = source(node, module, path.name == "__init__.py")
            for alias in node.names:
                # A module of a package, else something that the package's own file holds.
                inner = f"{origin}.{alias.name}"
                yield from [inner] if inner in files else [origin] if origin in files else []


def source(node: ast.ImportFrom, module: str, is_package: bool) -> str:
    """What stands between `from` and `import`, absolute."""
    if not node.level:
        return node.module or ""
    parents = module.split(".")
    parents = parents[: len(parents) - node.level + is_package]
    return ".".join([*parents, *([node.module] if node.module else [])])


def name(root: Path, path: Path) -> str:
    parts = path.relative_to(root).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def write(root: Path, path: str, text: str) -> None:
    (root / path).parent.mkdir(exist_ok=True)
    (root / path).write_text(text)
