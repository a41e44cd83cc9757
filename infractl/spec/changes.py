"""What changed of a project's files since a revision, and which services that touches. Nothing here asks git."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from infractl.domain.project_file import PRICE_LOCK
from infractl.spec.find import ENVIRONMENTS, PROJECT_FILE, absolute_path, locate
from infractl.spec.recognise import ours
from infractl.spec.yaml.document import Document
from infractl.spec.yaml.parse import parse

_WEIGHTS = re.compile(r"(.+\.onnx)[._-].+")
"""A file of weights beside the model that refers to it: `fraud.onnx.data`, `fraud.onnx_data`."""

_READ = frozenset({"uri", "data", "input", "reference"})
"""Keys of a service's document, at any depth, under which it names what is read."""


@dataclass(frozen=True, kw_only=True)
class Changes:
    """`paths`, links of directories followed, are what was changed, made or deleted since `ref`.

    `before` is what the YAML files of these held. `everything`: a file that speaks of all services is among them. `kept` are the
    services that are still declared.
    """

    ref: str
    paths: frozenset[Path]
    before: Mapping[Path, bytes]
    everything: bool = False
    kept: frozenset[str] = frozenset()

    def within(self, root: Path, environment: str, kept: frozenset[str]) -> Changes:
        """The same, as a project in an environment takes it."""
        home = root.resolve()
        before = {path: data for path, data in self.before.items() if path.is_relative_to(home)}
        # A first lock holds the prices that there were without one.
        locked = {home / PRICE_LOCK} & before.keys()
        of_all = {home / PROJECT_FILE, home / ENVIRONMENTS / f"{environment}.yaml", *locked}
        return replace(self, everything=not of_all.isdisjoint(self.paths), kept=kept, before=before)

    def touch(self, file: Path, document: Document, laid: Document) -> bool:
        """Whether a service's document, or a file that it names in the environment (`laid`), is another one than it was."""
        if self.everything:
            return True
        for place in _stands(file):
            if place in self.paths and document.value not in self._declared_before.get(place, {}).get(_name(document), ()):
                return True
        named = (uri for uri in _places(laid.value.get("spec")) if uri.rstrip("/").rpartition("/")[2] in self._parts)
        return any(self._changed(uri, absolute_path(file).parent) for uri in named)

    def removed(self, name: str) -> bool:
        """Whether the service of a name that is declared no more was declared before."""
        if self.everything:
            return True
        return name not in self.kept and any(name in found for found in self._declared_before.values())

    def _changed(self, uri: str, directory: Path) -> bool:
        """Whether a path leads to what changed, into a directory that did as one, or to a directory in which something did."""
        if locate(uri, directory) is None:
            return False
        return any(
            place in self._above or any(p in self._files for p in (place, *place.parents)) for place in _stands(directory / uri)
        )

    @cached_property
    def _files(self) -> frozenset[Path]:
        weights = ((path, _WEIGHTS.fullmatch(path.name)) for path in self.paths)
        return self.paths | {path.with_name(found[1]) for path, found in weights if found}

    @cached_property
    def _above(self) -> frozenset[Path]:
        return frozenset(parent for path in self._files for parent in path.parents)

    @cached_property
    def _parts(self) -> frozenset[str]:
        """The last name of every path that can lead to a change: most texts of a document are sorted out by it."""
        return frozenset(part for path in self._files for part in path.parts)

    @cached_property
    def _declared_before(self) -> dict[Path, dict[str, list[Any]]]:
        """By file: what the services' documents said, by the names that they gave."""
        return {path: _services(data) for path, data in self.before.items()}


def _stands(path: Path) -> frozenset[Path]:
    """Where a file stands, and where it leads as a link: either may have changed."""
    absolute = absolute_path(path)
    return frozenset({absolute.parent.resolve() / absolute.name, absolute.resolve()})


def _services(data: bytes) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = {}
    for document in parse(data, "").documents:
        if ours(document.value, named=False):
            found.setdefault(_name(document), []).append(document.value)
    return found


def _name(document: Document) -> str:
    """As it stands, be it no name."""
    node = document.node(("metadata", "name"))
    return str(node.value) if node else ""


def _places(value: Any, key: str = "") -> Iterator[str]:
    """Every path to what a service reads."""
    if isinstance(value, str):
        if key in _READ:
            yield value
    elif isinstance(value, dict):
        for name, each in value.items():
            yield from _places(each, name)
    elif isinstance(value, list):
        for each in value:
            yield from _places(each, key)
