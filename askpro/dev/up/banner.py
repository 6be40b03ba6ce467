"""What `manage.py up` says when it is ready."""

from pathlib import Path

from rich.console import RenderableType
from rich.panel import Panel
from rich.table import Table

from askpro.dev.up.home import Home


def banner(home: Home, port: int, database: Path | None, seconds: float) -> RenderableType:
    """The addresses, the log-in, and what to try next."""
    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="bold")
    grid.add_column()
    for name, value in _lines(home, port, database):
        grid.add_row(name, value)
    return Panel(
        grid, title=f"[bold green]AskPro is ready[/] after {seconds:.1f} s", border_style="green", expand=False
    )


def _lines(home: Home, port: int, database: Path | None) -> list[tuple[str, str]]:
    password = "the one you chose" if home.recall("login_changed") else home.secret("admin_password")
    return [
        ("Console", f"[link]http://127.0.0.1:{port}/admin/[/link]"),
        ("Log-in", f"admin · {password}"),
        ("Sandbox", f"[link]http://127.0.0.1:{home.recall('sandbox_http_port')}/sandbox/[/link]"),
        ("", "plays Retell, Cal.com, Twilio and the mailbox"),
        ("Data, logs", str(home.path)),
        *([("Database", str(database))] if database and home.path not in database.parents else []),
        ("", ""),
        ("Try next", "in a second terminal"),
        ("", "[cyan]python3 manage.py demo_call[/]"),
        ("", "one more call, booked and confirmed"),
        ("", "[cyan]python3 manage.py demo_call --help[/]"),
        ("", "the other scenarios"),
        ("", ""),
        ("Ctrl-C", "stops everything; the data stays"),
    ]
