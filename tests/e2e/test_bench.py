"""A running service is measured through the real command line, its figures are kept, and what cannot be measured says why."""

from __future__ import annotations

import json
from hashlib import sha256

SHORT = ("--duration", "300ms")


def test_a_running_service_is_measured_and_the_measurement_is_kept(folder) -> None:
    folder.write(peak="50/s")
    folder.run("apply", "--auto-approve")

    result = json.loads(folder.run("bench", "scores", *SHORT, "--json").stdout)

    measurement = result["measurement"]
    (file,) = (folder.path / ".infractl" / "measurements").glob("*.json")
    assert file.stem == result["stored"]
    assert json.loads(file.read_text()) == measurement
    assert measurement["artifact"] == sha256((folder.path / "one.onnx").read_bytes()).hexdigest()
    assert (measurement["rate_per_s"], measurement["errors"]) == (50.0, 0)
    figures = measurement["figures"]
    assert {"alone_p50", "p50", "saturation", "capacity"} <= set(figures)
    assert all(f["basis"] == "measured" and f["low"] <= f["value"] <= f["high"] for f in figures.values())
    folder.run("destroy", "--auto-approve")


def test_a_service_that_does_not_run_is_not_measured(folder) -> None:
    folder.write()

    refused = folder.run("bench", "scores", *SHORT, code=1)

    assert "error[service-not-applied]" in refused.stderr
    assert not (folder.path / ".infractl" / "measurements").exists()


def test_requests_that_the_service_refuses_are_not_measured(folder) -> None:
    folder.write()
    folder.run("apply", "--auto-approve")
    (folder.path / "wrong.json").write_text(
        '{"inputs": [{"name": "features", "shape": [1, 3], "datatype": "FP32", "data": [1, 2, 3]}]}'
    )

    refused = folder.run("bench", "scores", "--data", "wrong.json", *SHORT, code=1)

    assert "error[bench-refused]" in refused.stderr
    assert "features" in refused.stderr
    folder.run("destroy", "--auto-approve")


def test_a_wrong_option_is_told_with_what_may_stand_there(folder) -> None:
    folder.write()

    for words in (("--duration", "soon"), ("--duration", "0.01s"), ("--rate", "many"), ("--connections", "0")):
        refused = folder.run("bench", "scores", *words, code=1)
        assert "error[bench-option]" in refused.stderr
        assert words[0] in refused.stderr
