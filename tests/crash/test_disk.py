"""Limits of file sizes and full disks: what was there stays, the error says what happened, and the next apply goes on."""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from infractl.testing.reference.cloud import Cloud
from tests.crash.launcher import Ended, Launcher
from tests.crash.service import PROJECT, Services

BLOCK_BYTES = 512
"""What `ulimit -f` counts in sh."""
PAGE_BYTES = 4096
DISK_BYTES = 64 * PAGE_BYTES
NOT_WRITTEN = "a file could not be written; what it held before is unchanged"


def document(state: Path, service: str) -> Path:
    return state / PROJECT / "default" / service / "state.json"


@pytest.mark.parametrize(
    "share", [0.0, 0.5, pytest.param(0.2, marks=pytest.mark.crash), pytest.param(0.9, marks=pytest.mark.crash)]
)
def test_under_a_limit_of_file_sizes_the_old_state_survives(share: float, launcher: Launcher, cloud: Cloud) -> None:
    name = f"limited-{share * 10:.0f}"
    services = Services(launcher.project, cloud, [name])
    services.declare(1)
    launcher.run("apply", "--auto-approve")
    at = document(launcher.project / ".infractl" / "state", name)
    before, mark = at.read_bytes(), len(cloud.log())
    services.declare(2)

    limited = under_limit(launcher, int(len(before) * share) // BLOCK_BYTES)

    assert limited.code in (1, 5), limited.text
    assert NOT_WRITTEN in limited.text and os.strerror(errno.EFBIG) in limited.text, limited.text
    assert at.read_bytes() == before
    services.check_survived(limited)
    services.check_converged(launcher.run("apply", "--auto-approve"), launcher.run("plan", "--detailed-exitcode"))
    services.check_log(cloud.log()[mark:], 1)


def under_limit(launcher: Launcher, blocks: int) -> Ended:
    # -B: importlib does not see that only half of a .pyc was written, and leaves it to all that come after.
    command = ["sh", "-c", f'ulimit -f {blocks}; exec "$@"', "sh", sys.executable, "-B"]
    command += ["-m", "infractl", "apply", "--auto-approve"]
    done = subprocess.run(
        command, cwd=launcher.project, env=dict(launcher.environment), capture_output=True, text=True, timeout=120
    )
    return Ended(code=done.returncode, text=done.stdout + done.stderr)


@pytest.fixture
def small_disk(launcher: Launcher, cloud: Cloud) -> Iterator[tuple[Launcher, Path]]:
    """A launcher in a mount namespace of its own, where the state lies on a disk of a few pages; that disk, seen from here."""
    state = launcher.project / ".infractl" / "state"
    state.mkdir(parents=True, exist_ok=True)
    mount = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c"]
    mount.append(f'mount -t tmpfs -o size={DISK_BYTES} tmpfs "$0" && exec "$@"')
    if shutil.which(mount[0]) is None:
        pytest.skip("there is no unshare here, so that no small disk can be mounted")
    tried = subprocess.run([*mount, str(state), "true"], capture_output=True, text=True)
    if tried.returncode:
        pytest.skip(f"mounting is not allowed here: {tried.stderr.strip()}")
    Services(launcher.project, cloud, ["full"]).declare(1)
    started = Launcher(launcher.project, launcher.environment, wrap=[*mount, str(state)])
    started.run("plan")
    yield started, Path(f"/proc/{started.process.pid}/root{state}")
    started.close()


def test_on_a_full_disk_the_old_state_survives(small_disk: tuple[Launcher, Path], cloud: Cloud) -> None:
    launcher, disk = small_disk
    services = Services(launcher.project, cloud, ["full"], state=disk)
    services.declare(1)
    assert launcher.run("apply", "--auto-approve").code == 0
    at, mark = document(disk, "full"), len(cloud.log())
    services.declare(2)

    for pages in range(DISK_BYTES // PAGE_BYTES):
        before = at.read_bytes()
        fill(disk, pages)
        full = launcher.run("apply", "--auto-approve")
        if full.code == 0:
            break
        assert NOT_WRITTEN in full.text and os.strerror(errno.ENOSPC) in full.text, full.text
        services.check_survived(full)
        assert pages > 0 or at.read_bytes() == before
    assert pages > 1, "the disk was never full"
    (disk / "filler").unlink()
    services.check_converged(launcher.run("apply", "--auto-approve"), launcher.run("plan", "--detailed-exitcode"))
    services.check_log(cloud.log()[mark:], 1)


def fill(disk: Path, left_pages: int) -> None:
    """Leave so many pages of the disk free."""
    filler = disk / "filler"
    filler.unlink(missing_ok=True)
    free = os.statvfs(disk).f_bavail * os.statvfs(disk).f_frsize
    assert free <= DISK_BYTES, "this is not the small disk"
    filler.write_bytes(b"\1" * max(0, free - left_pages * PAGE_BYTES))
