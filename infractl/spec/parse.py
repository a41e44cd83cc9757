"""YAML text to documents, up to the first syntax error. The work on events is in `compose`; what keys mean is not here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import yaml
from yaml.events import DocumentStartEvent, StreamEndEvent

from infractl.errors import Diagnostic, SpecError
from infractl.spec.compose import Composer
from infractl.spec.document import Document, Source
from infractl.spec.syntax import explain
from infractl.spec.text import LINE_BREAK, decode

Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""libyaml's parser where PyYAML was built with it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parsed:
    """The documents of a file up to its first syntax error, and that error."""

    documents: tuple[Document, ...]
    problems: tuple[Diagnostic, ...]


def parse(data: bytes, file: str) -> Parsed:
    """Every document in the file that is not empty. Never raises: what cannot be read is a problem."""
    try:
        text = decode(data, file)
    except SpecError as error:
        return Parsed(documents=(), problems=error.diagnostics)
    source = Source(file=file, lines=tuple(LINE_BREAK.split(text)))
    documents: list[Document] = []
    try:
        parser = Loader(text)
        while not isinstance(event := parser.get_event(), StreamEndEvent):
            if isinstance(event, DocumentStartEvent):
                documents.append(Composer(parser, source).document())
    except yaml.YAMLError as error:
        return Parsed(documents=_filled(documents), problems=(explain(error, source),))
    except SpecError as error:
        return Parsed(documents=_filled(documents), problems=error.diagnostics)
    return Parsed(documents=_filled(documents), problems=())


def _filled(documents: list[Document]) -> tuple[Document, ...]:
    return tuple(d for d in documents if d.value is not None or d.problems)
