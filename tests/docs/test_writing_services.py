"""What the guide says that this version can plan, and cannot, is so."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from infractl.errors import ModelError
from infractl.spec.load import LoadedService, load_project
from infractl.spec.project import Project
from infractl.spec.schema.entry import look_up
from infractl.workflows.servable import model_file

GUIDE = (Path(__file__).parents[2] / "docs" / "guides" / "writing-services.md").read_text()


@pytest.fixture
def examples(tmp_path: Path) -> dict[str, LoadedService]:
    (tmp_path / "models").mkdir()
    for file in ("models/fraud.onnx", "models/ranker.onnx", "validation.npz"):
        (tmp_path / file).write_text("stands for it")
    for number, document in enumerate(re.findall(r"^```yaml\n(.*?)^```$", GUIDE, re.MULTILINE | re.DOTALL)):
        (tmp_path / f"{number}.yaml").write_text(document)
    return {loaded.service.name: loaded for loaded in load_project([tmp_path]).services}


def test_the_fraud_model_can_be_served_today(examples: dict[str, LoadedService]) -> None:
    assert model_file(examples["fraud"]).name == "fraud.onnx"


@pytest.mark.parametrize("service", ["assistant", "recommendations"])
def test_the_others_wait_for_a_later_version(service: str, examples: dict[str, LoadedService]) -> None:
    with pytest.raises(ModelError):
        model_file(examples[service])


def test_the_price_that_a_budget_needs_is_acted_on() -> None:
    price = look_up(Project, "targets.price")

    assert price is not None and price.acted_on
    assert "targets.local.price" in GUIDE
