"""A service's whole life on this machine: it is made, answers, changes under load, and leaves nothing behind."""

from __future__ import annotations

import http.client
import json
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from infractl.domain.action import Action
from infractl.domain.health import HealthStatus
from infractl.domain.step import Done
from infractl.errors import ProviderError

if TYPE_CHECKING:
    from conftest import Question, World


def test_a_new_service_is_healthy_and_answers_what_onnxruntime_answers(world: World, model: Path, question: Question) -> None:
    compiled = world.compile(model)

    world.apply(compiled)

    for resource in compiled.resources:
        kind, live = world.kinds[resource.address.kind], world.live[resource.address]
        wanted = world.resolved(resource)
        assert kind.health(wanted, live).status is HealthStatus.healthy
        assert kind.managed(wanted, live) == wanted.properties
        assert [found.ref for found in kind.find(world.owner)] == [live.ref]
    assert world.ask(question) == question.expected(model)


def test_a_second_version_takes_over_without_a_failed_request(
    world: World, model: Path, second_model: Path, question: Question
) -> None:
    world.apply(world.compile(model, "1"))
    load = Load(world.one("route").properties["infer"], question)

    with load:
        load.wait_for(100)
        world.apply(world.compile(second_model, "2"))
        load.wait_for(len(load.answers) + 100)

    old, new = question.expected(model), question.expected(second_model)
    assert not load.failures
    assert all(given in (old, new) for given in load.answers)
    assert load.answers[0] == old
    assert load.answers[-1] == new
    assert world.one("route").properties["version"] == "2"
    assert [path.suffix for path in world.files if path.parent.name == "artifacts"] == [".json", ".model"]


def test_a_destroyed_service_leaves_no_process_no_listener_and_no_file(world: World, model: Path) -> None:
    world.apply(world.compile(model))
    url = urlsplit(world.one("route").properties["url"])

    world.destroy()

    assert not world.servers
    assert not world.files
    with pytest.raises(ConnectionRefusedError):
        http.client.HTTPConnection(url.hostname or "", url.port).connect()


def test_a_service_whose_server_was_killed_is_swept_with_its_last_artifact(world: World, model: Path) -> None:
    world.apply(world.compile(model))
    [process] = world.servers
    process.kill()
    process.wait(10)

    world.delete(next(address for address in world.live if address.kind == "artifact"))

    assert not world.files


def test_a_second_target_has_a_server_of_its_own(new_world: Callable[..., World], model: Path, question: Question) -> None:
    first, second = new_world(), new_world(target="other")
    first.apply(first.compile(model))
    second.apply(second.compile(model))

    first.destroy()

    assert second.ask(question) == question.expected(model)
    assert len(second.servers) == 1


def test_a_service_works_below_a_path_that_is_too_long_for_a_socket_address(
    new_world: Callable[..., World], run: Path, model: Path, question: Question
) -> None:
    world = new_world(run / ("deep-" * 12) / ("deeper-" * 12))
    assert len(str(world.root)) > 108

    world.apply(world.compile(model))
    assert world.ask(question) == question.expected(model)
    world.destroy()

    assert not world.files


def test_everything_below_the_run_directory_is_private(world: World, model: Path) -> None:
    world.apply(world.compile(model))

    modes = {path.name: path.stat().st_mode & 0o777 for path in world.files}

    assert set(modes.values()) == {0o600, 0o700}, modes


def test_a_request_that_does_not_fit_the_model_is_refused_with_the_servers_reason(world: World, model: Path) -> None:
    world.apply(world.compile(model))

    with pytest.raises(ProviderError, match="400") as refused:
        world.kinds["route"].invoke(world.one("route"), {"inputs": []})

    assert refused.value.diagnostics[0].slug == "request-refused"


def test_metrics_count_what_was_answered_and_the_log_can_be_read(world: World, model: Path, question: Question) -> None:
    world.apply(world.compile(model))
    for _ in range(20):
        world.ask(question)

    metrics = world.kinds["route"].metrics(world.one("route"))

    assert (metrics["requests"], metrics["errors"]) == (20, 0)
    assert 0 < metrics["p50_s"] <= metrics["p95_s"] <= metrics["p99_s"]
    assert len(world.kinds["server"].last_lines(world.one("server"), 2)) == 2


def test_another_process_finishes_what_one_began(world: World, model: Path, question: Question) -> None:
    for wanted in world.compile(model).resources:
        pending = world.kinds[wanted.address.kind].begin(world.step(Action.create, world.resolved(wanted)))
        ended = world.wait(pending, world.connect())
        assert isinstance(ended, Done)
        world.live[wanted.address] = world.kinds[wanted.address.kind].read([ended.ref])[ended.ref]

    assert world.ask(question) == question.expected(model)


class Load:
    """Two clients that ask one after the other until they are told to stop."""

    def __init__(self, url: str, question: Question) -> None:
        self.url = urlsplit(url)
        self.question = question
        self.answers: list[list[float]] = []
        self.failures: list[str] = []
        self._stop = threading.Event()
        self._grown = threading.Condition()
        self._threads = [threading.Thread(target=self._ask) for _ in range(2)]

    def __enter__(self) -> Load:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join(30)

    def wait_for(self, count: int) -> None:
        with self._grown:
            assert self._grown.wait_for(lambda: len(self.answers) >= count or self.failures, timeout=30)

    def _ask(self) -> None:
        connection = http.client.HTTPConnection(self.url.hostname or "", self.url.port, timeout=30)
        while not self._stop.is_set():
            failure, given = self._once(connection)
            with self._grown:
                self.failures.extend([failure] if failure else [])
                self.answers.extend([given] if given else [])
                self._grown.notify_all()
        connection.close()

    def _once(self, connection: http.client.HTTPConnection) -> tuple[str, list[float]]:
        try:
            connection.request("POST", self.url.path, json.dumps(self.question.body), {"content-type": "application/json"})
            response = connection.getresponse()
            data = response.read()
        except (OSError, http.client.HTTPException) as error:
            return f"{type(error).__name__}: {error}", []
        if response.status != 200:
            return f"{response.status} {data!r}", []
        return "", self.question.answer(json.loads(data))
