"""Asks git what changed since a revision: in commits since this branch left it, in the working tree, in files that are new.

What this means for a project is `spec.changes`'.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence
from pathlib import Path

from infractl.errors import UsageError
from infractl.spec.changes import Changes
from infractl.spec.find import shown
from infractl.spec.telling.suggest import written

_LONGEST_S = 60.0

_LONGEST_HEAD = 200

_YAML = (b".yaml", b".yml")


def changed_since(directory: Path, ref: str) -> Changes:
    """Raises UsageError where git is not there, `directory` is in no repository, or there is no such revision."""
    found = _git(directory, "rev-parse", "--show-toplevel")
    if found.returncode:
        raise UsageError.of(
            "git-repository",
            summary="what changed cannot be told: this is no git repository",
            detail=_said(found) or "git found none",
            at=shown(directory),
            remedy="run it in a clone of the repository, or select services by --service or --label",
        )
    top = Path(os.fsdecode(found.stdout.rstrip(b"\n")))
    base = _base(top, ref)
    listed = _asked(top, "diff", "--raw", "-z", "--no-renames", "--no-abbrev", "--no-ext-diff", "--no-textconv", base, "--")
    new = _asked(top, "ls-files", "--others", "--exclude-standard", "-z")
    entries = [field for field in listed.split(b"\0") if field]
    # `:100644 100644 OLD NEW M` and then the path. A file that was not there has an old id of zeros.
    changed = {path: head.split()[2] for head, path in zip(entries[::2], entries[1::2], strict=True)}
    before = {path: blob for path, blob in changed.items() if path.endswith(_YAML) and blob.strip(b"0")}
    contents = _contents(top, list(before.values()))
    names = {*changed, *(name for name in new.split(b"\0") if name)}
    return Changes(
        ref=ref,
        paths=frozenset(_place(top, name) for name in names),
        before={_place(top, name): contents[blob] for name, blob in before.items()},
    )


def _base(top: Path, ref: str) -> str:
    """The commit that this branch and `ref` have in common: what others did since is not this branch's change."""
    known = _git(top, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{ref}^{{commit}}")
    commit = known.stdout.decode().strip()
    if known.returncode or not commit:
        raise UsageError.of(
            "git-revision",
            summary="there is no such git revision here",
            detail=f"--changed-since {written(ref)} names no commit",
            remedy="name a branch, a tag or a commit that is here: git fetch gets it, git branch --all lists branches",
        )
    common = _git(top, "merge-base", commit, "HEAD")
    base = common.stdout.decode().strip()
    if common.returncode or not base:
        raise UsageError.of(
            "git-history",
            summary="the revision and what is checked out have no commit in common here",
            detail=f"git finds none for {written(ref)} and HEAD; a shallow clone may lack it",
            remedy="get the whole history: git fetch --unshallow",
        )
    return base


def _contents(top: Path, blobs: Sequence[bytes]) -> dict[bytes, bytes]:
    """The blobs by their ids: `ID blob SIZE`, the bytes and a line's end for each."""
    if not blobs:
        return {}
    answer = _asked(top, "cat-file", "--batch", stdin=b"\n".join(blobs) + b"\n")
    contents: dict[bytes, bytes] = {}
    start = 0
    for blob in blobs:
        head = answer[start : start + _LONGEST_HEAD].partition(b"\n")[0]
        begin = start + len(head) + 1
        size = -1 if head.endswith(b" missing") else int(head.split()[2])
        contents[blob] = answer[begin : begin + size] if size > 0 else b""
        start = begin + size + 1
    return contents


def _asked(top: Path, *words: str, stdin: bytes = b"") -> bytes:
    done = _git(top, *words, stdin=stdin)
    if done.returncode:
        raise _failed(_said(done) or f"git {words[0]} ended with {done.returncode}")
    return done.stdout


def _git(directory: Path, *words: str, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    """No shell, nothing written, and no program started for changed files but git's own filters, such as git-lfs."""
    command = ["git", "-C", os.fspath(directory), "-c", "core.fsmonitor=false", *words]
    environment = {**os.environ, "GIT_OPTIONAL_LOCKS": "0", "LC_ALL": "C"}
    try:
        return subprocess.run(command, input=stdin, capture_output=True, timeout=_LONGEST_S, env=environment)
    except FileNotFoundError:
        raise UsageError.of(
            "git-missing",
            summary="git is not installed, or is not on the PATH",
            detail="--changed-since asks git what changed",
            remedy="install git, or select services by --service or --label",
        ) from None
    except (OSError, subprocess.TimeoutExpired) as error:
        raise _failed(str(error)) from None


def _failed(detail: str) -> UsageError:
    return UsageError.of(
        "git-failed",
        summary="git did not say what changed",
        detail=detail,
        remedy="run git status there and mend what it tells of, or select services by --service or --label",
    )


def _said(done: subprocess.CompletedProcess[bytes]) -> str:
    return done.stderr.decode(errors="replace").strip().splitlines()[0] if done.stderr.strip() else ""


def _place(top: Path, name: bytes) -> Path:
    """Where a file stands, be it a link itself."""
    path = top / os.fsdecode(name)
    return path.parent.resolve() / path.name
