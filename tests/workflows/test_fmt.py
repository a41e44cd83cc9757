"""fmt over real files: what is ours is written as a whole or not at all, all else is left alone."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
from pathlib import Path
from typing import Any

import pytest

from infractl.errors import SpecError
from infractl.report.unified_diff import unified_diff
from infractl.workflows.fmt import Layouts, lay_out, lay_out_text, rewrite

UGLY = "apiVersion:   infractl.dev/v1\nkind: InferenceService # ours\n"
FINE = "apiVersion: infractl.dev/v1\nkind: InferenceService # ours\n"
POD = "apiVersion:   v1\nkind: Pod\n"


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def fmt(*paths: str) -> Layouts:
    return rewrite(lay_out([Path(p) for p in paths or (".",)]))


def files(layouts: Layouts) -> list[str]:
    return [layout.file for layout in layouts.changed.values()]


def slugs(layouts: Layouts) -> list[str]:
    return [p.slug for p in layouts.problems]


def test_what_is_ours_in_a_directory_is_formatted_and_nothing_else(here: Path) -> None:
    texts = {
        "infractl.yaml": "project:  x\n",
        "a.yaml": UGLY,
        "sub/b.yml": f"---\n{POD}---\n{UGLY}",
        "sub/environment.yaml": "apiVersion:  infractl.dev/v1\nkind: Environment\n",
        "fine.yaml": FINE,
        "pod.yaml": POD,
        "chart.yaml": "a: {{ .Values.b }}:  c\n",
        "list.yaml": "-   a\n",
        "empty.yaml": "\n\n",
        ".hidden/c.yaml": UGLY,
        "notes.txt": UGLY,
    }
    for name, text in texts.items():
        (here / name).parent.mkdir(exist_ok=True)
        (here / name).write_text(text)

    done = fmt()

    assert files(done) == ["a.yaml", "infractl.yaml", "sub/b.yml", "sub/environment.yaml"]
    assert slugs(done) == []
    assert (here / "a.yaml").read_text() == FINE
    assert (here / "infractl.yaml").read_text() == "project: x\n"
    for name in ("fine.yaml", "pod.yaml", "chart.yaml", "list.yaml", "empty.yaml", ".hidden/c.yaml", "notes.txt"):
        assert (here / name).read_text() == texts[name]
    assert lay_out([Path()]).changed == {}


def test_only_what_was_named_is_formatted(here: Path) -> None:
    (here / "sub").mkdir()
    (here / "infractl.yaml").write_text("project:  x\n")
    for name in ("a.yaml", "sub/b.yaml"):
        (here / name).write_text(UGLY)

    assert files(fmt("sub")) == ["sub/b.yaml"]
    assert files(fmt("infractl.yaml", "./infractl.yaml")) == ["infractl.yaml"]
    assert files(fmt(str(here / "a.yaml"))) == ["a.yaml"]


def test_projects_are_formatted_side_by_side(here: Path) -> None:
    for name in ("one", "two"):
        (here / name).mkdir()
        (here / name / "infractl.yaml").write_text("project:  x\n")

    assert files(fmt("one", "two")) == ["one/infractl.yaml", "two/infractl.yaml"]


def test_a_foreign_file_that_was_named_is_left_alone_and_told_of(here: Path) -> None:
    (here / "pod.yaml").write_text(POD)

    done = fmt("pod.yaml")

    assert (done.changed, slugs(done), done.failed) == ({}, ["skipped-document"], False)
    assert (here / "pod.yaml").read_text() == POD


@pytest.mark.parametrize(
    ("data", "slug"),
    [
        (UGLY.encode() + b"a: [", "yaml-syntax"),
        (UGLY.encode() + b"kind:  again\n", "duplicate-key"),
        (UGLY.encode() + b"a: !x  1\n", "yaml-tag"),
        (UGLY.encode() + b"a: \xff\n", "not-utf8"),
        (UGLY.encode() + b"a: \0\n", "not-text"),
        (b"\xff\xfe" + UGLY.encode("utf-16-le"), "not-text"),
        (UGLY.encode() + b"\xef\xbb\xbf\n", "control-character"),
        (UGLY.encode() + b"# a\xe2\x80\xa8  b:  1\n", "control-character"),
        (UGLY.encode() + b"&a: 1\n", "fmt-unsafe"),
    ],
)
def test_a_file_that_cannot_be_formatted_is_told_of_and_left_others_are_formatted(here: Path, data: bytes, slug: str) -> None:
    (here / "broken.yaml").write_bytes(data)
    (here / "other.yaml").write_text(UGLY)

    done = fmt("broken.yaml", "other.yaml")

    assert (files(done), slugs(done), done.failed) == (["other.yaml"], [slug], True)
    assert (here / "broken.yaml").read_bytes() == data
    assert (here / "other.yaml").read_text() == FINE


def test_a_malformed_file_found_in_a_directory_is_told_of_only_where_it_names_us(here: Path) -> None:
    (here / "ours.yaml").write_text(f"{UGLY}a: [")
    (here / "foreign.yaml").write_text("a: [")

    (problem,) = fmt().problems

    assert str(problem.at).startswith("ours.yaml:")


def test_line_ends_and_the_byte_order_mark_are_made_canonical(here: Path) -> None:
    (here / "a.yaml").write_bytes(b"\xef\xbb\xbf" + FINE.replace("\n", "\r\n").encode())

    assert files(fmt()) == ["a.yaml"]
    assert (here / "a.yaml").read_bytes() == FINE.encode()


def test_a_file_without_a_document_may_be_named(here: Path) -> None:
    (here / "comments.yaml").write_text("# later\n\n\n")
    (here / "empty.yaml").write_text("")

    done = fmt("comments.yaml", "empty.yaml")

    assert (files(done), slugs(done)) == (["comments.yaml"], [])
    assert (here / "comments.yaml").read_text() == "# later\n"


def test_pipes_and_what_is_not_there_are_told_of_at_once(here: Path) -> None:
    os.mkfifo(here / "pipe.yaml")
    (here / "a.yaml").write_text(UGLY)

    done = fmt("pipe.yaml", "absent.yaml", "a.yaml")

    assert (files(done), sorted(slugs(done))) == (["a.yaml"], ["file-missing", "file-unreadable"])


def test_a_read_only_file_stays_as_it_is(here: Path) -> None:
    (here / "a.yaml").write_text(UGLY)
    (here / "a.yaml").chmod(0o444)

    done = fmt()

    assert (files(done), slugs(done), done.failed) == ([], ["file-read-only"], True)
    assert (here / "a.yaml").read_text() == UGLY


def test_the_mode_is_kept(here: Path) -> None:
    (here / "a.yaml").write_text(UGLY)
    (here / "a.yaml").chmod(0o666)

    assert files(fmt()) == ["a.yaml"]
    assert stat.S_IMODE((here / "a.yaml").stat().st_mode) == 0o666


def test_a_link_stays_a_link_and_its_file_is_formatted_once(here: Path) -> None:
    (here / "real").write_text(UGLY)
    (here / "link.yaml").symlink_to("real")
    (here / "again.yaml").symlink_to("link.yaml")

    assert len(fmt().changed) == 1
    assert (here / "link.yaml").is_symlink() and (here / "again.yaml").is_symlink()
    assert (here / "real").read_text() == FINE


@pytest.fixture
def linked(here: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file outside of the project that the current directory now is, to which a link in it leads."""
    (here / "project" / "services").mkdir(parents=True)
    (here / "shared.yaml").write_text(UGLY)
    (here / "pod.yaml").write_text(POD)
    monkeypatch.chdir(here / "project")
    Path("infractl.yaml").write_text("project: x\n")
    Path("services/linked.yaml").symlink_to(here / "shared.yaml")
    Path("services/pod.yaml").symlink_to(here / "pod.yaml")
    return here / "shared.yaml"


@pytest.mark.parametrize("paths", [[], ["services"], ["services", "."]])
def test_what_a_link_found_in_a_directory_leads_to_outside_of_the_project_is_not_written(linked: Path, paths: list[str]) -> None:
    done = fmt(*paths)

    assert (files(done), slugs(done), done.failed) == ([], ["file-outside"], False)
    assert str(done.problems[0].at) == "services/linked.yaml"
    assert linked.read_text() == UGLY


@pytest.mark.parametrize("paths", [["services/linked.yaml"], [".", "services/linked.yaml"], [".", "../shared.yaml"]])
def test_what_is_outside_of_the_project_is_written_where_it_was_named(linked: Path, paths: list[str]) -> None:
    done = fmt(*paths)

    assert len(done.changed) == 1 and "file-outside" not in slugs(done)
    assert linked.read_text() == FINE


def test_a_project_s_own_file_may_be_a_link_and_is_not_written_either(linked: Path) -> None:
    theirs = linked.with_name("theirs.yaml")
    theirs.write_text("project:  y\n")
    Path("infractl.yaml").unlink()
    Path("infractl.yaml").symlink_to(theirs)

    assert slugs(fmt()) == ["file-outside", "file-outside"]
    assert theirs.read_text() == "project:  y\n"
    assert files(fmt("infractl.yaml")) == ["infractl.yaml"]
    assert theirs.read_text() == "project: y\n"


def test_a_directory_that_is_a_link_is_formatted_where_it_was_named(linked: Path) -> None:
    elsewhere = linked.with_name("elsewhere")
    elsewhere.mkdir()
    (elsewhere / "a.yaml").write_text(UGLY)
    Path("link").symlink_to(elsewhere)

    assert files(fmt("link")) == ["link/a.yaml"]


def test_links_that_lead_to_each_other_are_told_of(here: Path) -> None:
    (here / "infractl.yaml").symlink_to("infractl.yaml")

    assert slugs(fmt()) == ["file-unreadable"]


def test_another_name_of_the_same_file_keeps_the_old_content(here: Path) -> None:
    (here / "a.yaml").write_text(UGLY)
    (here / "copy").hardlink_to(here / "a.yaml")

    assert files(fmt()) == ["a.yaml"]
    assert ((here / "a.yaml").read_text(), (here / "copy").read_text()) == (FINE, UGLY)


@pytest.mark.parametrize("function", ["fsync", "fchmod", "replace"])
def test_a_file_is_whole_whenever_the_command_is_interrupted(here: Path, monkeypatch: pytest.MonkeyPatch, function: str) -> None:
    (here / "a.yaml").write_text(UGLY)
    layouts = lay_out([Path()])

    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, function, interrupted)
    with pytest.raises(KeyboardInterrupt):
        rewrite(layouts)

    assert (here / "a.yaml").read_text() == UGLY
    assert [p.name for p in here.iterdir()] == ["a.yaml"]


def test_a_file_that_was_edited_meanwhile_is_not_written_over(here: Path) -> None:
    (here / "a.yaml").write_text(UGLY)
    layouts = lay_out([Path()])
    (here / "a.yaml").write_text(UGLY + "metadata: {name: new}\n")

    done = rewrite(layouts)

    assert (files(done), slugs(done)) == ([], ["file-changed"])
    assert (here / "a.yaml").read_text() == UGLY + "metadata: {name: new}\n"


def test_a_file_that_has_gone_meanwhile_stops_no_other(here: Path) -> None:
    for name in ("a.yaml", "b.yaml"):
        (here / name).write_text(UGLY)
    layouts = lay_out([Path()])
    (here / "a.yaml").unlink()

    done = rewrite(layouts)

    assert (files(done), slugs(done)) == (["b.yaml"], ["file-unreadable"])


def test_a_text_that_is_no_file_need_not_be_ours() -> None:
    assert lay_out_text(b"\xef\xbb\xbfa:   1", "stdin").after == "a: 1\n"
    with pytest.raises(SpecError, match="yaml-syntax"):
        lay_out_text(b"a: [", "stdin")


@pytest.mark.skipif(shutil.which("patch") is None, reason="needs patch")
@pytest.mark.parametrize(
    ("before", "after"),
    [("a:  1\r\nb: 2", "a: 1\nb: 2\n"), ("\ufeffa\n", "a\n"), ("", "a\n"), ("a\x85b\n", "a\x85c\n")],
)
def test_a_diff_can_be_applied(here: Path, before: str, after: str) -> None:
    (here / "x").write_bytes(before.encode())
    (here / "diff").write_bytes(unified_diff("x", before, after).encode())

    subprocess.run(["patch", "--binary", "-s", "-p1", "-i", "diff"], check=True)

    assert (here / "x").read_bytes() == after.encode()
    assert unified_diff("x", after, after) == ""


def test_the_command_formats_and_prints_what_it_changed(folder: Any) -> None:
    (folder.path / "a.yaml").write_text(UGLY)
    (folder.path / "fine.yaml").write_text(FINE)

    assert folder.run("fmt").stdout == "a.yaml\n"
    assert folder.run("fmt").stdout == ""


def test_check_and_diff_change_nothing_and_say_what_would(folder: Any) -> None:
    (folder.path / "a.yaml").write_text(UGLY)
    (folder.path / "broken.yaml").write_text(f"{FINE}a: [")
    diff = """\
--- a/a.yaml
+++ b/a.yaml
@@ -1,2 +1,2 @@
-apiVersion:   infractl.dev/v1
+apiVersion: infractl.dev/v1
 kind: InferenceService # ours
"""

    assert folder.run("fmt", "--check", "a.yaml", code=1).stdout == "a.yaml\n"
    assert folder.run("fmt", "--diff", "a.yaml").stdout == diff
    assert folder.run("fmt", "--check", "--diff", "a.yaml", code=1).stdout == f"a.yaml\n{diff}"
    broken = folder.run("fmt", "--diff", code=1)
    assert (broken.stdout, "error[yaml-syntax]" in broken.stderr) == (diff, True)
    assert (folder.path / "a.yaml").read_text() == UGLY
    assert folder.run("fmt", "--check", "infractl.yaml").stdout == ""


def test_stdin_is_formatted_to_stdout(folder: Any) -> None:
    assert folder.run("fmt", "-", stdin="é:   1").stdout == "é: 1\n"
    assert folder.run("fmt", "--check", "-", stdin="a: 1\n").stdout == ""
    assert folder.run("fmt", "--check", "-", stdin="a:  1\n", code=1).stdout == "stdin\n"
    broken = folder.run("fmt", "-", stdin="a: [", code=1)
    assert (broken.stdout, "stdin:" in broken.stderr) == ("", True)
    assert folder.run("fmt", "-", stdin="&a: 1\n", code=1).stderr.startswith("error[fmt-unsafe]")
    assert "error[stdin-alone]" in folder.run("fmt", "-", "infractl.yaml", code=1).stderr


def test_a_fresh_starter_is_in_the_canonical_layout(folder: Any) -> None:
    (folder.path / "infractl.yaml").unlink()
    folder.run("init", "one.onnx")

    assert folder.run("fmt", "--check").stdout == ""
