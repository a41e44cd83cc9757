"""`fmt`: files of ours are found, laid out and written back as a whole. What the canonical layout is, is `spec.yaml.layout`'s."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from infractl.errors import Diagnostic, Diagnostics, Mark, SpecError, StateError
from infractl.spec.find import PROJECT_FILE, absolute_path, find, is_directory, is_file, read, shown, unreadable
from infractl.spec.recognise import GROUP, ours
from infractl.spec.yaml.layout.formatted import formatted
from infractl.spec.yaml.layout.piece import UnsafeLayout
from infractl.spec.yaml.parse import Parsed, parse
from infractl.spec.yaml.text import decode


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """A file's text as it is, byte order mark and line ends included, and as it is to be."""

    file: str
    before: str
    after: str

    @property
    def changed(self) -> bool:
        return self.before != self.after


@dataclass(frozen=True, slots=True, kw_only=True)
class Layouts:
    """The files of ours whose layout is to change, by path, and what is wrong with those that are left as they are."""

    changed: dict[Path, Layout]
    problems: tuple[Diagnostic, ...]

    @property
    def failed(self) -> bool:
        return bool(Diagnostics(self.problems).errors)


class _File(NamedTuple):
    """A file to look at. One that the user named must be YAML; one found in a directory need not be ours.

    `outside`: it was found through a link that leads out of the project, and is not written.
    """

    path: Path
    named: bool
    outside: bool = False


def lay_out(paths: Sequence[Path]) -> Layouts:
    """What formatting the files in the paths would change. Nothing is written."""
    problems = Diagnostics()
    changed: dict[Path, Layout] = {}
    for file in _files(paths, problems):
        layout = _lay_out_file(file, problems)
        if layout and layout.changed:
            changed[file.path] = layout
    return Layouts(changed=changed, problems=tuple(problems))


def lay_out_text(data: bytes, file: str) -> Layout:
    """The layout of a text that is no file. Raises SpecError where it cannot be read, or not be formatted safely."""
    parsed = parse(data, file)
    wrong = _wrong(parsed)
    if wrong:
        raise SpecError(*wrong)
    return _lay_out(data, file)


def rewrite(layouts: Layouts) -> Layouts:
    """Write what is to change. What comes back are the files that were written, and all problems."""
    problems = Diagnostics(layouts.problems)
    written: dict[Path, Layout] = {}
    for path, layout in layouts.changed.items():
        try:
            _replace(path, layout)
            written[path] = layout
        except (SpecError, StateError) as error:
            problems.extend(error.diagnostics)
        except OSError as error:  # it, or its directory, has gone
            problems.extend(unreadable(path, error.strerror or str(error)).diagnostics)
    return Layouts(changed=written, problems=tuple(problems))


def _files(paths: Sequence[Path], problems: Diagnostics) -> list[_File]:
    """Every file to look at, each once. A project's own file is one of them, where it or its directory was named."""
    by_place: dict[Path, _File] = {}
    for path in paths:
        for file in _in_path(path, problems):
            place = _place(file.path)
            known = by_place.get(place)
            if file.named or known is None or known.outside:
                by_place[place] = file
    return sorted(by_place.values(), key=lambda f: shown(f.path))


def _in_path(path: Path, problems: Diagnostics) -> Iterator[_File]:
    if path.name == PROJECT_FILE and is_file(path):
        yield _File(path, named=True)
        return
    found = find([path], problems)
    homes = (_place(found.root), _place(path))
    for candidate in found.candidates:
        yield _File(candidate.path, candidate.named, not candidate.named and _leads_out(candidate.path, homes))
    if found.project and is_directory(path) and found.project.parent == absolute_path(path):
        yield _File(path / PROJECT_FILE, named=True, outside=_leads_out(path / PROJECT_FILE, homes))


def _leads_out(path: Path, homes: Sequence[Path]) -> bool:
    """Whether it is a link to what lies in none of the directories."""
    return path.is_symlink() and not any(map(_place(path).is_relative_to, homes))


def _place(path: Path) -> Path:
    """Where a path leads. Links that lead to each other are told of when they are read; Path.resolve raises."""
    return Path(os.path.realpath(path))


def _lay_out_file(file: _File, problems: Diagnostics) -> Layout | None:
    """None for what is not ours, and for what is wrong, which is added to `problems`."""
    try:
        data = read(file.path)
        parsed = parse(data, shown(file.path))
        if not _ours(file, data, parsed):
            if file.named:
                _skip(parsed, problems)
            return None
        if file.outside:
            _leave(file, problems)
            return None
        if wrong := _wrong(parsed):
            problems.extend(wrong)
            return None
        return _lay_out(data, shown(file.path))
    except SpecError as error:
        problems.extend(error.diagnostics)
        return None


def _ours(file: _File, data: bytes, parsed: Parsed) -> bool:
    """Whether the file is to be formatted, or its mistakes told.

    Being named is not enough, as hooks and shells name whatever ends in .yaml. What was named and cannot be read as YAML,
    or holds nothing yet, is taken for ours nevertheless.
    """
    if file.path.name == PROJECT_FILE or any(ours(d.value, named=False) for d in parsed.documents):
        return True
    if parsed.problems:
        return file.named or GROUP.encode() in data
    return file.named and not parsed.documents


def _wrong(parsed: Parsed) -> tuple[Diagnostic, ...]:
    return (*parsed.problems, *(problem for document in parsed.documents for problem in document.problems))


def _lay_out(data: bytes, file: str) -> Layout:
    try:
        after = formatted(decode(data, file))
    except UnsafeLayout as error:
        raise SpecError.of(
            "fmt-unsafe",
            summary="this file cannot be formatted safely; it is left as it is",
            detail=str(error),
            at=Mark(file=file, line=1, column=1),
            remedy="indent it with spaces and end its lines with LF; infractl fmt - formats a part of it, to find the place",
        ) from None
    return Layout(file=file, before=data.decode(), after=after)


def _skip(parsed: Parsed, problems: Diagnostics) -> None:
    problems.note(
        "skipped-document",
        summary="a YAML document that is not for infractl is skipped",
        detail="no document in this file has an apiVersion of infractl.dev",
        at=parsed.documents[0].nearest_mark(()),
        remedy=f"begin it with `apiVersion: {GROUP}/v1` if it is meant to be a service",
    )


def _leave(file: _File, problems: Diagnostics) -> None:
    problems.note(
        "file-outside",
        summary="a file outside of the project is not formatted",
        detail="it was found through a link that leads there",
        at=shown(file.path),
        remedy=f"run `infractl fmt {shown(file.path)}` to format it nevertheless",
    )


def _replace(path: Path, layout: Layout) -> None:
    """The real file takes its new content at once and keeps its mode and owner; symbolic links to it stay links.

    A hard link keeps the old content: to write into the file itself would not be at once, and would change what nobody named.

    Raises SpecError where it may not be written or holds something else by now, and StateError where the disk refuses.
    """
    from infractl.state.file import replacement

    real = path.resolve()
    status = real.stat()
    # A read-only file can be replaced by whoever may write its directory; it was made read-only so that nobody does.
    if not (status.st_mode & (stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH) and os.access(real, os.W_OK)):
        raise SpecError.of(
            "file-read-only",
            summary="a file may not be written",
            detail="it is read-only",
            at=shown(path),
            remedy="make it writable: `chmod u+w`; or leave it out",
        )
    if read(path) != layout.before.encode():
        raise SpecError.of(
            "file-changed",
            summary="a file was changed while it was being formatted; it is left as it is",
            detail="something else wrote it meanwhile",
            at=shown(path),
            remedy="run the command again",
        )
    with replacement(real, 0o600) as file:
        file.write(layout.after.encode())
        with suppress(PermissionError):
            os.fchown(file.fileno(), status.st_uid, status.st_gid)
        os.fchmod(file.fileno(), stat.S_IMODE(status.st_mode))
