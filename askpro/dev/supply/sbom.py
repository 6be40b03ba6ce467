"""`manage.py sbom`: what production is made of, as CycloneDX 1.6 in JSON, for whoever looks for known faults."""

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from askpro.dev.supply.licences import is_allowed
from askpro.dev.supply.locks import Locked
from askpro.dev.supply.parts import FILES, Files, packages
from askpro.dev.up.failure import Failure

OURS = "askpro"


def run(root: Path, options: argparse.Namespace) -> int:
    """Write the list to the file of `options`, or print it. Raises Failure for a licence that is not allowed."""
    text = json.dumps(bill(root), indent=2) + "\n"
    if options.output:
        Path(options.output).write_text(text, encoding="utf-8")
    else:
        print(text, end="")
    return 0


def bill(root: Path) -> dict[str, Any]:
    """The list. The same lock gives the same list: it has no time and no number. Raises Failure as `run` does."""
    installed = packages(root)
    licensed = [*((each.name, licence) for each, licence in installed), *((each.name, each.licence) for each in FILES)]
    if refused := [f"{name} ({licence or 'unknown'})" for name, licence in licensed if not is_allowed(licence)]:
        raise Failure(
            f"Licences that are not allowed: {', '.join(refused)}.",
            "Take another package, or read its licence and add it to askpro/dev/supply/licences.py.",
        )
    own = [_files(each) for each in FILES if not each.package]
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {"component": {"type": "application", "bom-ref": OURS, "name": "AskPro"}},
        "components": [*(_package(each, licence) for each, licence in installed), *own],
        "dependencies": _dependencies([each for each, _ in installed], [str(each["bom-ref"]) for each in own]),
    }


def _package(package: Locked, licence: str) -> dict[str, Any]:
    hashes = [{"alg": "SHA-256", "content": each.removeprefix("sha256:")} for each in package.hashes]
    component: dict[str, Any] = {
        "type": "library",
        "bom-ref": _purl(package),
        "name": package.name,
        "version": package.version,
        "purl": _purl(package),
        "licenses": _licences(licence),
        # A package has a file for each Python and machine, and the hash is a file's.
        "externalReferences": [
            {
                "type": "distribution",
                "url": f"https://pypi.org/project/{package.name}/{package.version}/",
                "hashes": hashes,
            }
        ],
    }
    if package.marker:
        component["properties"] = [{"name": "askpro:installed-if", "value": package.marker}]
    if brought := [_files(each) for each in FILES if each.package == package.name]:
        component["components"] = brought
    return component


def _files(files: Files) -> dict[str, Any]:
    component = {
        "type": "library",
        "bom-ref": files.folder + "/" + files.name,
        "name": files.name,
        "description": f"{files.purpose}: {files.folder}",
        "licenses": _licences(files.licence),
    }
    if files.version:
        component |= {"version": files.version, "purl": f"pkg:npm/{files.name}@{files.version}"}
    return component


def _licences(expression: str) -> list[dict[str, Any]]:
    return [{"expression": expression} if " " in expression else {"license": {"id": expression}}]


def _dependencies(installed: Sequence[Locked], own: Sequence[str]) -> list[dict[str, Any]]:
    def of(name: str) -> list[str]:
        return sorted({_purl(each) for each in installed if name in each.needed_by})

    named = [{"ref": _purl(each), "dependsOn": of(each.name)} for each in installed]
    return [{"ref": OURS, "dependsOn": [*of(""), *own]}, *named]


def _purl(package: Locked) -> str:
    return f"pkg:pypi/{package.name}@{package.version}"
