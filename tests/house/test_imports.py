"""What the quick commands import: nobody who asks for the version or validates a file waits for an SDK or for numpy."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
HEAVY = {
    *("numpy", "onnx", "onnxruntime", "google.protobuf", "scipy", "sklearn", "torch", "openvino"),
    *("boto3", "botocore", "google.cloud", "kubernetes"),
    *("httptools", "uvloop", "orjson", "prometheus_client"),
}

SERVICE = """\
apiVersion: infractl.dev/v1
kind: InferenceService
metadata:
  name: fraud
spec:
  model:
    uri: fraud.onnx
    version: "1"
"""

RUN_AND_LIST = """\
import json, sys
from infractl.cli.main import main

sys.argv = ["infractl", *sys.argv[1:]]
code = 0
try:
    main()
except SystemExit as end:
    code = end.code or 0
print(json.dumps({"code": code, "modules": sorted(sys.modules)}), file=sys.stderr)
"""


def modules_after(*arguments: str, folder: Path) -> set[str]:
    """Every module that is loaded once the command has done its work, which must have gone well."""
    done = subprocess.run(
        [sys.executable, "-c", RUN_AND_LIST, *arguments], cwd=folder, capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stderr
    last = json.loads(done.stderr.splitlines()[-1])
    assert last["code"] == 0, done.stdout + done.stderr
    return set(last["modules"])


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with one service. The model is not there: `validate` reads YAML alone, or says so."""
    (tmp_path / "infractl.yaml").write_text("project: shop\n")
    (tmp_path / "fraud.yaml").write_text(SERVICE)
    model = ROOT / "examples" / "quickstart" / "digits-1.onnx"
    (tmp_path / "fraud.onnx").write_bytes(model.read_bytes())
    return tmp_path


@pytest.mark.parametrize("arguments", [["--version"], ["--help"], ["validate", "fraud.yaml"]], ids=" ".join)
def test_a_quick_command_loads_no_sdk_and_no_numerical_library(arguments: list[str], project: Path) -> None:
    loaded = modules_after(*arguments, folder=project)

    assert not loaded & HEAVY
    assert not any(name.partition(".")[0].startswith("infractl_") for name in loaded), "a plugin is loaded when a plan needs it"


@pytest.mark.parametrize("arguments", [["--version"], ["--help"]], ids=" ".join)
def test_asking_for_help_or_the_version_loads_no_stage(arguments: list[str], project: Path) -> None:
    loaded = modules_after(*arguments, folder=project)

    stages = {"planning", "placement", "profile", "applying", "measure", "runtime"}
    assert not {f"infractl.{stage}" for stage in stages} & loaded


def test_asking_for_the_version_imports_next_to_nothing(project: Path) -> None:
    loaded = modules_after("--version", folder=project)

    assert {name for name in loaded if name.partition(".")[0] == "infractl"} == {"infractl", "infractl.cli", "infractl.cli.main"}
    assert not loaded & {"dataclasses", "inspect", "typing"}, "any of them takes longer than the answer"
