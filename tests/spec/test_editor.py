"""Editors complete, explain and check documents by our schemas: the YAML language server says what it shows, over its protocol.

It is what VS Code and other editors run. Where it is not installed, the tests are skipped: npm install -g yaml-language-server.
"""

from __future__ import annotations

import json
import queue
import shutil
import subprocess
import threading
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from infractl.spec.document_schema import environment_schema, project_schema, service_schema

SERVER = shutil.which("yaml-language-server")
pytestmark = pytest.mark.skipif(SERVER is None, reason="yaml-language-server is not here")

SETTINGS = {"validate": True, "hover": True, "completion": True, "schemaStore": {"enable": False}}
SERVICE = """\
# yaml-language-server: $schema=.infractl/service.schema.json
apiVersion: infractl.dev/v1
kind: InferenceService
metadata: {name: fraud}
spec:
  model: {uri: fraud.onnx, version: "3"}
"""
ENVIRONMENT = """\
# yaml-language-server: $schema=.infractl/environment.schema.json
apiVersion: infractl.dev/v1
kind: Environment
metadata: {name: staging}
"""


class Editor:
    """A client of the server, with as much of the protocol as is needed here. `|` in a text is the cursor."""

    def __init__(self, project: Path) -> None:
        assert SERVER
        self.project = project
        self.process = subprocess.Popen([SERVER, "--stdio"], cwd=project, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.numbers, self.received = count(1), queue.Queue[dict[str, Any]]()
        threading.Thread(target=self.listen, daemon=True).start()
        documents = {"completion": {"completionItem": {"snippetSupport": True}}, "publishDiagnostics": {}}
        able = {"textDocument": documents, "workspace": {"configuration": True}}
        self.ask("initialize", {"processId": None, "rootUri": project.as_uri(), "capabilities": able})
        self.send(method="initialized", params={})

    def listen(self) -> None:
        assert self.process.stdout
        while header := self.process.stdout.readline():
            size = int(header.split(b":")[1]) if header.lower().startswith(b"content-length") else 0
            while self.process.stdout.readline().strip():
                pass
            self.received.put(json.loads(self.process.stdout.read(size)))

    def send(self, **message: Any) -> None:
        assert self.process.stdin
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        self.process.stdin.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
        self.process.stdin.flush()

    def until(self, wanted: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        while not wanted(message := self.received.get(timeout=60)):
            if "method" in message and "id" in message:
                asked = message["params"].get("items", []) if message["method"] == "workspace/configuration" else []
                answer = [SETTINGS if item.get("section") == "yaml" else None for item in asked]
                self.send(id=message["id"], result=answer or None)
        return message

    def ask(self, method: str, params: Any) -> Any:
        number = next(self.numbers)
        self.send(id=number, method=method, params=params)
        return self.until(lambda message: message.get("id") == number and "method" not in message)["result"]

    def open(self, text: str) -> tuple[dict[str, Any], list[str]]:
        """The cursor's place in a new document, and what is said against the document."""
        before, _, after = text.partition("|")
        uri = (self.project / f"{next(self.numbers)}.yaml").as_uri()
        document = {"uri": uri, "languageId": "yaml", "version": 1, "text": before + after}
        self.send(method="textDocument/didOpen", params={"textDocument": document})
        said = self.until(lambda m: m.get("method") == "textDocument/publishDiagnostics" and m["params"]["uri"] == uri)
        place = {"line": before.count("\n"), "character": len(before) - before.rfind("\n") - 1}
        return {"textDocument": {"uri": uri}, "position": place}, [d["message"] for d in said["params"]["diagnostics"]]

    def offers(self, text: str) -> dict[str, str]:
        """What completion lists at the cursor, each with its documentation."""
        items = self.ask("textDocument/completion", self.open(text)[0])["items"]
        return {item["label"]: documentation(item.get("documentation")) for item in items}

    def explains(self, text: str) -> str:
        explained: str = self.ask("textDocument/hover", self.open(text)[0])["contents"]["value"]
        return explained

    def says(self, text: str) -> list[str]:
        return self.open(text)[1]


def documentation(given: Any) -> str:
    return given["value"] if isinstance(given, dict) else given or ""


@pytest.fixture(scope="module")
def editor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Editor]:
    project = tmp_path_factory.mktemp("project")
    (project / ".infractl").mkdir()
    for name, schema in (("service", service_schema), ("project", project_schema), ("environment", environment_schema)):
        (project / ".infractl" / f"{name}.schema.json").write_text(json.dumps(schema()))
    editor = Editor(project)
    yield editor
    editor.process.kill()
    editor.process.wait(10)


@pytest.mark.parametrize(
    ("place", "some"),
    [
        ("", {"mode", "models", "slo", "traffic", "serving", "rollout"}),
        ("slo:\n    ", {"latency", "ttft", "throughput", "availability"}),
        ("slo:\n    latency:\n      ", {"p50", "p95", "p99"}),
        ("serving:\n    batching:\n      ", {"maxBatch", "maxDelay"}),
        ("monitoring:\n    alerts:\n      - ", {"name", "when", "for", "severity"}),
        ("optimize:\n    passes:\n      pruning:\n        ", {"use", "most"}),
    ],
)
def test_keys_are_offered_with_their_documentation(place: str, some: set[str], editor: Editor) -> None:
    offered = editor.offers(f"{SERVICE}  {place}|")

    assert some <= offered.keys()
    assert all(offered[key] for key in some)


@pytest.mark.parametrize(
    ("place", "values"),
    [
        ("mode: ", {"realtime", "async", "batch"}),
        ("hardware:\n    classes:\n      - ", {"cpu", "gpu", "tpu", "neuron", "serverless", "edge"}),
        ("serving:\n    batching: ", {"auto", '"off"'}),
        ("lifecycle:\n    protect: ", {"true", "false"}),
        ("slo:\n    throughput: ", {"2000/s"}),
    ],
)
def test_the_values_that_may_be_written_are_offered(place: str, values: set[str], editor: Editor) -> None:
    assert editor.offers(f"{SERVICE}  {place}|").keys() >= values


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("slo:\n    latency:\n      p9|5: 10ms\n", ["duration", "95% of the requests", "10ms"]),
        ("slo:\n    lat|ency: {p95: 10ms}\n", ["end of its answer", "{p50: 5ms, p95: 10ms, p99: 20ms}"]),
        ("s|lo:\n    throughput: 5/s\n", ["What the service must keep. `plan` refuses"]),
        ("serving:\n    batch|ing: off\n", ["auto, off or a mapping", "`auto` derives the batch cap"]),
        ("serving:\n    maxConc|urrency: 8\n", ["auto or a whole number from 1 to 100000", "the next get 503"]),
        ("mode: asy|nc\n", ["realtime, async or batch"]),
        ("rollout:\n    ba|ke: 2m\n", ["before the next", "Not acted on yet"]),
    ],
)
def test_a_key_is_explained(text: str, parts: list[str], editor: Editor) -> None:
    explained = editor.explains(f"{SERVICE}  {text}").replace("\\", "")

    assert [part for part in parts if part not in explained] == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("slo: {latncy: {p95: 10ms}}\n", "Property latncy is not allowed."),
        ("slo: {latency: {p95: 10}}\n", "Write a duration such as 10ms or 2s."),
        ("slo: {latency: {p95: 10sec}}\n", "Write a duration such as 10ms or 2s."),
        ("mode: bach\n", 'Value is not accepted. Valid values: "realtime", "async", "batch".'),
        ("serving: {batching: on}\n", "Write auto, off or a mapping of maxBatch, maxDelay."),
        ("serving: {batching: {maxBatsh: 3}}\n", "Write auto, off or a mapping of maxBatch, maxDelay."),
        ("serving: {rateLimit: 500}\n", "Write a rate such as 2000/s or 100/h or a mapping of rate, burst, per."),
        ("serving: {warmup: -1}\n", "Value is below the minimum of 0."),
        ("targets: [Local]\n", "Use at most 40 lower-case letters, digits and hyphens, first a letter."),
    ],
)
def test_a_slip_is_told_in_our_words_where_the_server_lets_us(text: str, said: str, editor: Editor) -> None:
    assert editor.says(f"{SERVICE}  {text}") == [said]


@pytest.mark.parametrize("text", ["slo: {latency: {p95: 10ms}}\n", "traffic: {peak: '${peak}'}\n", "serving: {warmup: '${w}'}\n"])
def test_nothing_is_said_against_what_is_right(text: str, editor: Editor) -> None:
    assert editor.says(f"{SERVICE}  {text}") == []


def test_a_patch_of_an_environment_is_completed_like_a_service_and_requires_nothing(editor: Editor) -> None:
    assert {"model", "slo", "traffic"} <= editor.offers(f"{ENVIRONMENT}overlay:\n  spec:\n    |").keys()
    assert "average" in editor.offers(f"{ENVIRONMENT}services:\n  fraud:\n    spec:\n      traffic:\n        |")
    assert "request rate" in editor.explains(f"{ENVIRONMENT}overlay:\n  spec:\n    traffic: {{pe|ak: 5/s}}\n")
    assert (
        editor.says(f"{ENVIRONMENT}overlay:\n  spec: {{budget: null, model: {{version: '4'}}, traffic: {{peak: '${{p}}'}}}}\n")
        == []
    )
    assert editor.says(f"{ENVIRONMENT}overlay:\n  kind: Other\n") == ["Property kind is not allowed."]


def test_the_keys_of_a_target_are_offered_and_the_provider_s_own_are_let_through(editor: Editor) -> None:
    project = (
        "# yaml-language-server: $schema=.infractl/project.schema.json\nproject: shop\ntargets:\n  local:\n    provider: local\n"
    )

    assert {"classes", "discount", "price"} <= editor.offers(f"{project}    |").keys()
    assert editor.says(f"{project}    port: 8080\n") == []
