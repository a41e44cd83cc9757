"""Which attributes of which resources are meant: `endpoint.replicas`, `config/main.variants.*.share`. Pure text."""

from __future__ import annotations

import re
from dataclasses import dataclass

from infractl.domain.address import Address

_WRITTEN = re.compile(r"(?P<kind>[^./\s]+)(/(?P<name>[^./\s]+))?\.(?P<path>\S*[^.\s])")
_PART = re.compile(r"[^.\[\]]+")

ANY = "*"


@dataclass(frozen=True, slots=True, kw_only=True)
class AttributePattern:
    """A kind, the name of one resource of it ("*": all), and a path. In each place `*` stands for anything."""

    kind: str
    name: str
    path: str

    @classmethod
    def parse(cls, text: str) -> AttributePattern | None:
        """None where it is not written as KIND.PATH or KIND/NAME.PATH."""
        found = _WRITTEN.fullmatch(text)
        return cls(kind=found["kind"], name=found["name"] or ANY, path=found["path"]) if found else None

    def means(self, address: Address) -> bool:
        return self.kind in (ANY, address.kind) and self.name in (ANY, address.name)


def covers(pattern: str, path: str) -> bool:
    """Whether the path of an attribute, as a plan shows it, is what the pattern names, or lies within."""
    wanted, found = _PART.findall(pattern), _PART.findall(path)
    return len(wanted) <= len(found) and all(w in (ANY, f) for w, f in zip(wanted, found, strict=False))
