"""The quickstart, played: a model goes from a YAML file to a running service, to its second version under load, and away again.

Every command is infractl's own, run as a user runs it. Every claim is checked; the first that does not hold ends the demo with 1.
"""

from __future__ import annotations

import argparse
import difflib
import json
import shutil
import socket
import sys
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np

import workplace
from load import Answer, Load
from terminal import StoppedError, SurpriseError, Terminal, interrupts
from versions import Versions, inputs, load_versions, outputs, run, same
from workplace import EXAMPLE, PROJECT, STARTER

CONNECTIONS = 8
REQUESTS = 2_000
"""At least so many in all, and at least a fifth of them before the switch and a fifth after it."""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clean", action="store_true", help="only clear what an earlier demo left")
    clean = parser.parse_args().clean
    interrupts.listen()
    try:
        with workplace.claimed() as lock:
            workplace.clear(lock)
            if not clean:
                play(lock)
    except StoppedError:
        return 130
    except SurpriseError as surprise:
        print(f"\nThe demo failed: {surprise}", file=sys.stderr)
        return 1
    return 0


def play(lock: int) -> None:
    workplace.furnish()
    terminal = Terminal(folder=PROJECT, lock=lock)
    try:
        story(terminal)
    except BaseException as end:
        if isinstance(end, StoppedError):
            print("\nInterrupted; clearing up.", file=sys.stderr)
        else:
            print(f"\n{end}\nClearing up.", file=sys.stderr)
            show_logs()
        terminal.infractl("destroy", "--auto-approve")
        raise
    finally:
        if not workplace.processes_of_the_project():
            workplace.discard()


def story(terminal: Terminal) -> None:
    began_s = time.monotonic()
    versions = load_versions(EXAMPLE, {"1": "digits-1.onnx", "2": "digits-2.onnx"}, count=200)

    title("A starter for any model file")
    starter(terminal.lock)

    title("The example's own service")
    show(PROJECT / "digits.yaml")
    terminal.infractl("validate")

    title("What would change, and what to expect of it")
    terminal.infractl("plan", "--detailed-exitcode", expect=2)

    title("Make it so")
    terminal.infractl("apply", "--auto-approve")

    title("Ask it")
    check_invoke(terminal.answer("invoke", "digits", "--data", "request.json"))
    terminal.infractl("plan", "--detailed-exitcode")
    print("Nothing to do: what runs is what was asked for.")

    title("Version 2, under load")
    edit(PROJECT / "digits.yaml", {"digits-1.onnx": "digits-2.onnx", 'version: "1"': 'version: "2"'})
    terminal.infractl("plan", "--detailed-exitcode", expect=2)
    switch_under_load(terminal, versions)

    title("How it does")
    terminal.infractl("status")
    print("Predicted for the declared peak of 200/s; measured under the load above, which is as much as the server takes.")

    title("Away again")
    destroy(terminal)
    print(f"\nDone in {time.monotonic() - began_s:.0f} s.")


def starter(lock: int) -> None:
    """What init makes of a model alone, in a folder that is not used any further."""
    STARTER.mkdir()
    shutil.copy2(EXAMPLE / "digits-1.onnx", STARTER)
    Terminal(folder=STARTER, lock=lock).infractl("init", "digits-1.onnx")
    show(STARTER / "digits-1.yaml")


def check_invoke(answer: str) -> None:
    """The service's answer to request.json is ONNX Runtime's own."""
    request = json.loads((PROJECT / "request.json").read_text())
    own = run(PROJECT / "digits-1.onnx", inputs(request))
    served = outputs(json.loads(answer))
    if not same(served, own):
        raise SurpriseError("the service's answer is not the one that ONNX Runtime gives when it is called directly")
    print(f"Equal to ONNX Runtime called directly: the digit is a {own['digit'][0]}.")


def switch_under_load(terminal: Terminal, versions: Versions) -> None:
    """Apply version 2 while clients send without a pause; no request fails, and each answer is one version's own."""
    url = endpoint(terminal)
    before = REQUESTS // 5
    with Load(url, versions.bodies(), CONNECTIONS) as load:
        answering(load, before)
        apply_began_s = time.monotonic()
        terminal.infractl("apply", "--auto-approve")
        apply_ended_s = time.monotonic()
        answering(load, max(REQUESTS, len(load.answers) + REQUESTS // 5))
    phases = {
        "before": [a for a in load.answers if a.started_s < apply_began_s],
        "during": [a for a in load.answers if apply_began_s <= a.started_s < apply_ended_s],
        "after": [a for a in load.answers if a.started_s >= apply_ended_s],
    }
    authors = {phase: Counter(author(versions, a) for a in answers) for phase, answers in phases.items()}
    print(f"\nWhat {CONNECTIONS} clients saw of the switch ({url}):")
    for phase, answers in {**phases, "all": load.answers}.items():
        print(f"  {phase:7} {figures(answers)}")
    judge(phases, authors)


def answering(load: Load, count: int) -> None:
    if not load.wait_for(count, within_s=60):
        raise SurpriseError(f"only {len(load.answers)} of {count} requests were answered within a minute")


def author(versions: Versions, answer: Answer) -> str:
    return answer.problem or versions.author(answer.sample, answer.body) or "neither version"


def judge(phases: dict[str, list[Answer]], authors: dict[str, Counter[str]]) -> None:
    total = sum(authors.values(), Counter[str]())
    failed = {what: count for what, count in total.items() if what not in ("1", "2")}
    print(f"  {sum(failed.values())} failed; {total['1']} answers are version 1's own, {total['2']} are version 2's own.")
    if failed:
        raise SurpriseError(f"requests failed: {'; '.join(f'{count} times {what}' for what, count in failed.items())}")
    if not all(phases.values()):
        raise SurpriseError("no request was sent before, during or after the switch")
    if authors["before"].keys() - {"1", "2"} or not authors["before"]["1"]:
        raise SurpriseError("version 1 did not answer before the switch")
    if authors["after"]["1"]:
        raise SurpriseError("version 1 still answered after apply had said that version 2 does")


def figures(answers: Sequence[Answer]) -> str:
    elapsed_ms = np.array([a.elapsed_s for a in answers]) * 1000
    span_s = max(a.started_s + a.elapsed_s for a in answers) - min(a.started_s for a in answers)
    p50, p99 = np.percentile(elapsed_ms, [50, 99])
    return f"{len(answers):6} requests  {len(answers) / span_s:6.0f}/s  p50 {p50:5.1f} ms  p99 {p99:6.1f} ms"


def destroy(terminal: Terminal) -> None:
    """Destroy the service; no process, no listener and no file in the run directory is left."""
    url = urlsplit(endpoint(terminal))
    if not workplace.processes_of_the_project():
        raise SurpriseError("the server's process was not found, so its end could not be seen")
    terminal.infractl("destroy", "--auto-approve")
    workplace.check_nothing_is_left()
    with socket.socket() as probe:
        if probe.connect_ex((url.hostname, url.port)) == 0:
            raise SurpriseError(f"something still listens on port {url.port}")
    print("No process, no listener, no file in the run directory.")


def endpoint(terminal: Terminal) -> str:
    """Where the service takes requests, as `status --json` tells it."""
    url: str = json.loads(terminal.ask("status", "--json"))[0]["outputs"]["infer"]
    return url


def title(text: str) -> None:
    print(f"\n── {text} {'─' * max(3, 96 - len(text))}\n", flush=True)


def show(path: Path) -> None:
    print(f"$ cat {path.name}\n{path.read_text().rstrip()}\n", flush=True)


def edit(path: Path, replacements: dict[str, str]) -> None:
    """Change the file as a user would, in one piece, and show the difference."""
    before = after = path.read_text()
    for old, new in replacements.items():
        after = after.replace(old, new)
    unfinished = path.with_suffix(".new")
    unfinished.write_text(after)
    unfinished.replace(path)
    print("".join(difflib.unified_diff(before.splitlines(True), after.splitlines(True), path.name, path.name, n=0)))


def show_logs() -> None:
    """The last lines of what the server wrote, for whoever has to find out why."""
    for log in sorted((PROJECT / ".infractl" / "run").rglob("*.log")):
        print(f"--- {log.name}", *log.read_text(errors="replace").splitlines()[-10:], sep="\n", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
