"""The error that ends a local command: one sentence says what is wrong, another what to do."""


class Failure(Exception):
    """The command cannot continue; the text tells the person at the terminal the fix."""

    def __init__(self, problem: str, fix: str = "") -> None:
        super().__init__(f"{problem}\n{fix}" if fix else problem)
