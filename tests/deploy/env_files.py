"""The three readers of an environment file, each with its own rules."""

import json
import subprocess
import sys
from pathlib import Path

COMMENTS, QUOTES = "#;", "'\""


def by_systemd(path: Path) -> dict[str, str]:
    """As `EnvironmentFile=` does (systemd.exec(5) and src/basic/env-file.c).

    Only a whole line can be a remark. A value ends with its line, without the blanks around it; quotes may open
    anywhere in it, and a backslash escapes the next character.
    """
    found: dict[str, str] = {}
    text = path.read_text("utf-8").replace("\\\n", "")
    for line in text.splitlines():
        name, assigned, value = line.strip().partition("=")
        if assigned and name[0] not in COMMENTS:
            found[name.rstrip()] = _unquoted(value.strip())
    return found


def by_environ(path: Path) -> dict[str, str]:
    """As django-environ's `read_env` does, in a process with nothing else in its environment."""
    program = (
        "import environ, json, sys; environ.Env.read_env(sys.argv[1]); print(json.dumps(dict(environ.Env.ENVIRON)))"
    )
    command = [sys.executable, "-c", program, str(path)]
    done = subprocess.run(command, env={}, capture_output=True, text=True, timeout=20, check=True)
    return {name: value for name, value in json.loads(done.stdout).items() if name != "LC_CTYPE"}


def by_sh(path: Path) -> dict[str, str]:
    """As `set -a; . FILE` does. Raises `CalledProcessError` if the shell reports an error."""
    program = f"set -aeu; . {path}; exec env -0"
    done = subprocess.run(["sh", "-c", program], env={}, capture_output=True, text=True, timeout=20, check=True)
    assert not done.stderr, done.stderr
    pairs = (pair.partition("=") for pair in done.stdout.split("\0") if pair)
    return {name: value for name, _, value in pairs if name not in ("PWD", "_", "OLDPWD", "SHLVL")}


def _unquoted(value: str) -> str:
    kept, quote, letters = "", "", iter(value)
    for letter in letters:
        if letter == "\\" and quote != "'":
            kept += next(letters, "")
        elif letter in QUOTES and quote in ("", letter):
            quote = "" if quote else letter
        else:
            kept += letter
    return kept
