"""Five hundred services in one file, from the first plan to the last: what the commands print stays short enough to read."""

from __future__ import annotations

import json
from typing import Any

COUNT = 500
DOCUMENT = """\
apiVersion: infractl.dev/v1
kind: InferenceService
metadata: {{name: s{number:03}, labels: {{team: {team}}}}}
spec: {{model: {{uri: one.onnx, version: "1"}}}}
"""


def test_a_project_of_five_hundred_services_stays_readable(scene: Any) -> None:
    documents = (DOCUMENT.format(number=i, team="risk" if i < 40 else "search") for i in range(COUNT))
    (scene.path / "services.yaml").write_text("---\n".join(documents))

    planned = scene.run("plan").stdout
    applied = scene.run("apply", "--auto-approve", "--summary", "-l", "team=risk")
    unchanged = scene.run("plan", "-l", "team=risk")
    risk = json.loads(scene.run("plan", "--json", "-l", "team=risk").stdout)["plan"]
    status, drift = scene.run("status").stdout, scene.run("drift").stdout

    assert "500 services (s000, s001, s002, s003, s004 (and 495 more)): version 1 at there" in planned
    assert len(planned.splitlines()) < 60
    assert "40 services" in applied.stdout and "Selected: --label team=risk: 40 of 500 services" in applied.stdout
    assert len(applied.stdout.splitlines()) < 40 and len(applied.stderr.splitlines()) < 20
    assert len(unchanged.stdout.splitlines()) <= 5 and not unchanged.stderr
    assert {s["labels"]["team"] for s in risk["services"]} == {"risk"} and len(risk["services"]) == 40
    assert "500 services: 40 healthy, 460 not applied." in status and len(status.splitlines()) <= 5
    assert drift.splitlines() == ["No drift. 40 services with 120 resources as recorded."]
