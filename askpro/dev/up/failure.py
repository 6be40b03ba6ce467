"""What ends a local command: one sentence that says what is wrong and one that says what to do."""


class Failure(Exception):
    """The command cannot go on; the text is for the person at the terminal and holds the fix."""

    def __init__(self, problem: str, fix: str = "") -> None:
        super().__init__(f"{problem}\n{fix}" if fix else problem)
