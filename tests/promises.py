"""Finds the tests that documents name for their promises."""

import ast
from pathlib import Path

TESTS = Path(__file__).parent


def assert_is_there(test: str) -> None:
    """`test` is a path below tests/ and the names of a class or function in it, as pytest writes them."""
    path, *names = test.split("::")
    scope = ast.parse((TESTS / path).read_text()).body
    for name in names:
        found = [node for node in scope if getattr(node, "name", None) == name]
        assert found, f"{test}: {name} is gone"
        scope = getattr(found[0], "body", [])
