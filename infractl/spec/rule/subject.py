"""What a rule looks at, and how it tells what it finds."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TypeAlias

from infractl.errors import Diagnostic, Mark
from infractl.spec.find import locate
from infractl.spec.section.model import Model
from infractl.spec.section.target import TargetEntry
from infractl.spec.service import ServiceSpec
from infractl.spec.yaml.document import Document
from infractl.spec.yaml.document import Path as Keys


@dataclass(frozen=True, kw_only=True)
class Subject:
    """A service's spec and what a rule may ask besides. Paths begin inside of `spec`.

    Where the document has errors, `spec` is what is left without them, and has defaults in their place: `says` and `is_sure`
    tell a default from an error. `targets` are the project's; None where infractl.yaml is broken.
    """

    spec: ServiceSpec
    document: Document
    directory: Path
    root: Path
    targets: Mapping[str, TargetEntry] | None

    def mark(self, *path: str | int) -> Mark:
        """The place of the value; of the nearest key above it where the document does not say it."""
        full = ("spec", *path)
        return self.document.mark(full) or self.document.nearest_mark(full)

    def key_mark(self, *path: str | int) -> Mark:
        """The place of the key: a mapping's value is pointed at by its first key, which may be the wrong thing to point at."""
        return self.document.nearest_mark(("spec", *path))

    def written(self, *path: str | int) -> str:
        return self.document.written(("spec", *path))

    def says(self, *path: str | int) -> bool:
        """Whether the document has the key, be its value right or wrong."""
        return self.document.node(("spec", *path)) is not None

    def keys(self, *path: str | int) -> frozenset[str]:
        """The keys of the mapping there, known or not."""
        node = self.document.node(("spec", *path))
        return frozenset(node.keys) if node else frozenset()

    def is_sure(self, value: object, *path: str | int) -> bool:
        """Whether a word or number of `spec` is what the document says, or the default of what it leaves out."""
        node = self.document.node(("spec", *path))
        return node is None or node.value == value

    @cached_property
    def models(self) -> dict[Keys, Model]:
        """The models by their paths, without those that have errors."""
        one: dict[Keys, Model] = {("model",): self.spec.model} if self.spec.model else {}
        return one | {("models", name): model for name, model in self.spec.models.items()}

    @cached_property
    def uris(self) -> dict[Keys, str]:
        """The models' uris by the models' paths, as they stand: those of models that have other errors as well."""
        several = self.document.node(("spec", "models"))
        paths: list[Keys] = [("model",), *(("models", name) for name in (several.children if several else ()))]
        nodes = {path: self.document.node(("spec", *path, "uri")) for path in paths}
        return {path: node.value for path, node in nodes.items() if node and isinstance(node.value, str) and node.value}

    @property
    def model_file(self) -> Path | None:
        """Where the one model lies; None where there are several, or where it lies elsewhere."""
        uri = self.uris.get(("model",))
        return self.place(uri) if uri else None

    def place(self, uri: str) -> Path | None:
        """Where a uri leads, symlinks followed, whether or not a file is there. None where it is no path."""
        if uri not in self._places:
            self._places[uri] = locate(uri, self.directory)
        return self._places[uri]

    @cached_property
    def _places(self) -> dict[str, Path | None]:
        """Several rules ask for the same place, and following links takes long."""
        return {}

    @cached_property
    def _whole(self) -> Path:
        return self.root.resolve()

    def contains(self, path: Path) -> bool:
        """Whether a path, its symlinks followed, lies in the project."""
        return path.is_relative_to(self._whole)


Rule: TypeAlias = Callable[[Subject], Iterator[Diagnostic]]
