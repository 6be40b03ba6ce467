"""The list of what production has: whole, as CycloneDX wants it, and under no licence that we did not allow."""

import json
import re
import sysconfig
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft7Validator
from referencing import Registry, Resource

from askpro.dev.supply import licences
from askpro.dev.supply.licences import TOLD, is_allowed, licence
from askpro.dev.supply.locks import Lock
from askpro.dev.supply.parts import FILES
from askpro.dev.supply.sbom import bill
from askpro.dev.up import dispatch
from askpro.dev.up.failure import Failure
from askpro.dev.up.installation import RUN_TIME
from tests.dev.up.conftest import ROOT

# As CycloneDX publishes them (Apache-2.0).
SCHEMAS = Path(__file__).parent / "cyclonedx"
SITE_PACKAGES = Path(sysconfig.get_path("purelib"))


def errors(document: object) -> list[str]:
    schemas = {path.name: json.loads(path.read_text("utf-8")) for path in SCHEMAS.glob("*.json")}
    registry: Registry[Any] = Registry().with_resources(
        [(f"http://cyclonedx.org/schema/{name}", Resource.from_contents(each)) for name, each in schemas.items()]
    )
    validator = Draft7Validator(schemas["bom-1.6.SNAPSHOT.schema.json"], registry=registry)
    return [f"{error.json_path}: {error.message[:200]}" for error in validator.iter_errors(document)]


def folders_with_licence(static: Path, above: Path) -> set[str]:
    found = (path for path in static.rglob("*") if re.match(r"licen[cs]e", path.name, re.IGNORECASE))
    return {path.parent.relative_to(above).as_posix() for path in found}


def test_it_is_valid() -> None:
    assert errors(bill(ROOT)) == []


def test_the_schema_refuses_what_is_no_licence() -> None:
    wrong = bill(ROOT)
    wrong["components"][0]["licenses"] = [{"license": {"id": "Freeware"}}]

    assert [error.partition(":")[0] for error in errors(wrong)] == ["$.components[0].licenses"]


def test_it_names_every_package_of_the_lock_with_its_hashes() -> None:
    listed = {
        (each["name"], each["version"]): [one["content"] for one in each["externalReferences"][0]["hashes"]]
        for each in bill(ROOT)["components"]
        if each.get("purl", "").startswith("pkg:pypi/")
    }
    locked = Lock(ROOT, RUN_TIME).packages()

    assert len(locked) > 40
    assert listed == {(each.name, each.version): [one[7:] for one in each.hashes] for each in locked}


def test_everything_in_it_is_needed_by_something() -> None:
    document = bill(ROOT)
    needed = {ref for each in document["dependencies"] for ref in each["dependsOn"]}

    assert needed == {each["bom-ref"] for each in document["components"]}


def test_it_says_whose_files_pages_load() -> None:
    """Every folder of static files with a licence in it, in the repository and in packages that pages use."""
    packages = {each.folder.split("/static")[0] for each in FILES if each.package}
    static = [SITE_PACKAGES / package / "static" for package in packages]
    found = set().union(*(folders_with_licence(each, SITE_PACKAGES) for each in static))
    for folder in (*ROOT.glob("[a-z]*/static"), *ROOT.glob("askpro/*/static"), ROOT / "docs/assets"):
        found |= folders_with_licence(folder, ROOT)

    assert {folder.removesuffix("/bundles") for folder in found} <= {each.folder for each in FILES}


@pytest.mark.parametrize("files", FILES, ids=lambda each: f"{each.name}-{each.folder}")
def test_its_files_are_there(files: Any) -> None:
    assert any((SITE_PACKAGES if files.package else ROOT).joinpath(files.folder).iterdir())


def test_every_pin_says_what_it_is_for() -> None:
    lock = Lock(ROOT, RUN_TIME)
    assert set(lock.remarks()) == {each.name for each in lock.packages() if "" in each.needed_by}


@pytest.mark.parametrize("name", TOLD)
def test_what_we_say_ourselves_is_needed(name: str) -> None:
    try:
        metadata.distribution(name)
    except metadata.PackageNotFoundError:
        pytest.skip("not installed in this Python")
    assert licences._stated(name) in ("", TOLD[name])
    assert name in {each.name for each in Lock(ROOT, RUN_TIME).packages()}


@pytest.mark.parametrize(
    ("expression", "allowed"),
    [
        ("MIT", True),
        ("Apache-2.0 OR GPL-3.0-only", True),
        ("Apache-2.0 AND BSD-2-Clause", True),
        ("MIT AND GPL-3.0-only", False),
        ("(MIT OR ISC) AND GPL-3.0-only", False),
        ("AGPL-3.0-only", False),
        ("mit", False),
        ("", False),
    ],
)
def test_what_is_allowed(expression: str, allowed: bool) -> None:
    assert is_allowed(expression) is allowed


@pytest.mark.parametrize(("told", "said"), [("License-Expression: AGPL-3.0-only", "AGPL-3.0-only"), ("", "unknown")])
def test_another_licence_is_refused_by_the_packages_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, told: str, said: str
) -> None:
    installed = tmp_path / "greedy-1.0.dist-info"
    installed.mkdir()
    (installed / "METADATA").write_text(f"Metadata-Version: 2.4\nName: greedy\nVersion: 1.0\n{told}\n", "utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / RUN_TIME).write_text("greedy==1.0\n", "utf-8")
    Lock(tmp_path, RUN_TIME).write(f"greedy==1.0 \\\n    --hash=sha256:{'0' * 64}\n    # via -r {RUN_TIME}\n")

    with pytest.raises(Failure, match=rf"greedy \({said}\)"):
        bill(tmp_path)


def test_free_text_is_no_licence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    installed = tmp_path / "vague-1.0.dist-info"
    installed.mkdir()
    (installed / "METADATA").write_text("Metadata-Version: 2.1\nName: vague\nVersion: 1.0\nLicense: BSD\n", "utf-8")
    monkeypatch.syspath_prepend(tmp_path)

    assert licence("vague") == ""


def test_the_command_writes_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(dispatch.REQUIREMENTS, "sbom", ())  # what it needs is installed
    with pytest.raises(SystemExit) as exit_:
        dispatch.dispatch(["manage.py", "sbom", "--output", str(tmp_path / "sbom.json")])

    assert exit_.value.code == 0
    assert json.loads((tmp_path / "sbom.json").read_text("utf-8")) == bill(ROOT)
