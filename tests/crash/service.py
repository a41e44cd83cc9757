"""Services at the reference provider, killed again and again: what is declared, what happened there, and what must be so.

The verdict is the provider's own: its log and its inventory are held against what infractl reads from its files.
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from infractl.applying.settle import replay
from infractl.clock import SystemClock
from infractl.domain.address import ServiceKey
from infractl.domain.journal import Intent
from infractl.domain.resource import Recorded
from infractl.errors import StateError
from infractl.state.local import LocalStateStore
from infractl.testing.reference.cloud import Cloud
from infractl.testing.reference.kind import SCHEMAS
from tests.crash.launcher import Ended

PROJECT = "crash"
MODELS = {1: "one.onnx", 2: "two.onnx"}
SERVICE = """\
apiVersion: infractl.dev/v1
kind: InferenceService
metadata: {{name: {name}}}
spec:
  model: {{uri: {uri}, version: "{version}"}}
  slo: {{latency: {{p99: 200ms}}}}
  traffic: {{peak: 20/s}}
"""
TOLD_DONE = re.compile(r"^([\w-]+)\.(\w+)\.(\w+): (created|updated|destroyed) after ", re.MULTILINE)
ACTIONS = {"created": "create", "updated": "update", "destroyed": "delete"}

Change = tuple[str, str, str]
"""Action, kind and name."""


@dataclass
class Tally:
    """What was seen in one test, for the table at the end: (place, operation) of each kill, and the three sorts of damage."""

    kills: Counter[tuple[str, str]] = field(default_factory=Counter)
    unreadable: int = 0
    forgotten: int = 0
    duplicated: int = 0

    def told(self) -> str:
        kills = [[place, operation, count] for (place, operation), count in self.kills.items()]
        damage = {"unreadable": self.unreadable, "forgotten": self.forgotten, "duplicated": self.duplicated}
        return json.dumps({"kills": kills, **damage})


@dataclass
class Services:
    """The services `names` of the project at `root`, and no others. `version` is what is declared of them, None: they are to go.

    `state` is where their state is found from here.
    """

    root: Path
    cloud: Cloud
    names: Sequence[str]
    tally: Tally = field(default_factory=Tally)
    version: int | None = None
    state: Path | None = None

    def __post_init__(self) -> None:
        state = self.state or self.root / ".infractl" / "state"
        self.store = LocalStateStore(state, SystemClock())
        for left in self.root.glob("*-service.yaml"):
            left.unlink()
        for left in state.glob("*"):
            shutil.rmtree(left)

    def declare(self, version: int) -> None:
        self.version = version
        for name in self.names:
            text = SERVICE.format(name=name, uri=MODELS[version], version=version)
            (self.root / f"{name}-service.yaml").write_text(text)

    def inventory(self, name: str) -> list[dict[str, Any]]:
        labels = {"infractl-project": PROJECT, "infractl-service": name}
        return [thing for kind in SCHEMAS for thing in self.cloud.call("find", kind=kind, labels=labels)]

    def keys(self) -> Iterator[ServiceKey]:
        for name in self.names:
            yield ServiceKey(project=PROJECT, environment="default", service=name)

    def check_survived(self, killed: Ended) -> None:
        """Right after a kill: each state is read, and knows all that lives and all that was told done."""
        for key in self.keys():
            try:
                state = self.store.read(key)
                state, steps = replay(state, self.store.entries(key)) if state else (None, ())
            except StateError as error:
                self.tally.unreadable += 1
                raise AssertionError(f"{key} cannot be read: {error}") from error
            records = (*state.resources, *state.deposed) if state else ()
            refs, recorded = {r.ref.id for r in records}, {_at(r) for r in records}
            begun = {(s.intent.action.value, *_at(s.intent)) for s in steps}
            at_work = {change[1:] for change in begun}
            forgotten = [t["id"] for t in self.inventory(key.service) if t["id"] not in refs and _place(t) not in at_work]
            for service, kind, name, word in TOLD_DONE.findall(killed.text):
                still_open = (ACTIONS[word], kind, name) in begun
                if service == key.service and (still_open or (word != "destroyed" and (kind, name) not in recorded)):
                    forgotten.append(f"{kind}.{name}, which was {word}")
            self.tally.forgotten += len(forgotten)
            assert not forgotten, f"{key.service} does not know any more: {forgotten}"

    def check_converged(self, ended: Ended, plan: Ended) -> None:
        """After a run that was let be: each address exists once, is well, and is recorded; the plan after it is empty."""
        assert ended.code == 0, ended.text
        for key in self.keys():
            things = self.inventory(key.service)
            wanted = self.addresses(self.version)
            places = Counter(map(_place, things))
            self.tally.duplicated += sum(count - 1 for count in places.values())
            assert places == Counter(wanted), f"{key.service} has {dict(places)}"
            assert [t["status"] for t in things] == ["ready"] * len(things), things
            state = self.store.read(key)
            assert (state is not None) == (self.version is not None)
            if state is not None:
                assert {r.ref.id for r in state.resources} == {t["id"] for t in things}
                assert (state.deposed, state.open_steps, self.store.entries(key)) == ((), (), ())
                assert state.deployment is not None and state.deployment.stable.version == str(self.version)
        if self.version is not None:
            assert plan.code == 0 and plan.text.splitlines()[-1].startswith("No changes."), plan.text

    def check_log(self, log: Sequence[dict[str, Any]], before: int | None) -> None:
        """The provider was asked for what an undisturbed run asks for, once: a change that had ended was not made again.

        That a deletion is asked for once more cannot be helped: whether it had begun is not to be seen from outside.
        """
        wanted: Counter[Change] = Counter()
        for address in self.addresses(self.version) - self.addresses(before):
            wanted["create", *address] += len(self.names)
        for address in self.addresses(before) - self.addresses(self.version):
            wanted["delete", *address] += len(self.names)
        if before is not None and self.version not in (None, before):
            wanted["create", "config", "main"] = wanted["delete", "config", "main"] = len(self.names)
            wanted["update", "endpoint", "main"] = len(self.names)
        made = Counter((e["action"], e["kind"], e["name"]) for e in log if e["event"] == "ended")
        again = {change: n - wanted[change] for change, n in made.items() if n > wanted[change] and change[0] != "delete"}
        self.tally.forgotten += sum(again.values())
        assert not again, f"was made once more than it had to be: {again}"
        assert not wanted - made, f"the provider never did: {wanted - made}"

    def addresses(self, version: int | None) -> set[tuple[str, str]]:
        if version is None:
            return set()
        digest = hashlib.sha256((self.root / MODELS[version]).read_bytes()).hexdigest()
        return {("disk", digest[:12]), ("config", "main"), ("endpoint", "main")}


def _place(thing: dict[str, Any]) -> tuple[str, str]:
    return thing["kind"], thing["labels"]["infractl-name"]


def _at(entry: Recorded | Intent) -> tuple[str, str]:
    return entry.address.kind, entry.address.name
