"""How profiles are shown: goldens of the text, and what the JSON document holds. INFRACTL_GOLDENS=1 rewrites the goldens."""

from __future__ import annotations

import json
import os
import re
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infractl.domain.polynomial import Polynomial
from infractl.domain.profile import Execution, ModelProfile, OperatorCost
from infractl.domain.work import Family
from infractl.profile.huggingface import profile_huggingface
from infractl.profile.language.family import FAMILIES
from infractl.report.amount_text import flops_text, parameters_text, polynomial_text, share_text
from infractl.report.amount_text import given as filled
from infractl.report.language_text import language_text
from infractl.report.profile_group import MOST_LAYERS, by_layer, by_operator, summed
from infractl.report.profile_json import language_json, profile_json
from infractl.report.profile_text import By, profile_text
from infractl.report.style import Style
from infractl.tensors import Dtype, Signature, TensorSpec

CASES = Path(__file__).parents[1] / "cases" / "profile"
LANGUAGE = sorted((CASES / "language").iterdir())

each = Polynomial.product


def operator(name: str, sort: str, family: Family, flops: Polynomial, weight_bytes: float = 0.0) -> OperatorCost:
    return OperatorCost(
        name=name,
        operator=sort,
        family=family,
        dtype=Dtype.float32,
        flops=flops,
        weight_bytes=weight_bytes,
        activation_bytes=each(512, "batch", "sequence"),
    )


def transformer(layers: int = 2) -> ModelProfile:
    """As an exporter names it: an embedding, layers of attention and feed-forward, and a head."""
    tokens = ("batch", "sequence")
    operators = [operator("/embed/Gather", "Gather", Family.movement, Polynomial(), 4e6)]
    for layer in range(layers):
        scope = f"/encoder/layer.{layer}"
        operators += [
            operator(f"{scope}/attention/MatMul", "MatMul", Family.product, each(2e6, *tokens), 4e6),
            operator(f"{scope}/attention/MatMul_1", "MatMul", Family.product, each(1e3, *tokens, "sequence")),
            operator(f"{scope}/attention/Softmax", "Softmax", Family.transcendental, each(60, *tokens, "sequence")),
            operator(f"{scope}/output/MatMul", "MatMul", Family.product, each(4e6, *tokens), 8e6),
            operator(f"{scope}/output/Add", "Add", Family.elementwise, each(128, *tokens), 512.0),
        ]
    operators.append(operator("/head/Gemm", "Gemm", Family.product, each(256, "batch"), 1024.0))
    fused = operator("attention fused", "Attention", Family.product, each(2e6, *tokens) + each(2e3, *tokens, "sequence"), 4e6)
    return ModelProfile(
        format="onnx",
        digest="9f2c1d7e3b5a4860c1f0e2d4b6a8970315263748596a7b8c9d0e1f2a3b4c5d6e",
        size_bytes=28_100_000,
        signature=Signature(
            inputs=(TensorSpec(name="input_ids", dtype=Dtype.int64, shape=tokens),),
            outputs=(TensorSpec(name="logits", dtype=Dtype.float32, shape=("batch", 2)),),
        ),
        batch="batch",
        parameters=7_000_256,
        weights_bytes=28_001_024.0,
        given=Execution(
            operators=tuple(operators), uncosted=(("com.example.Magic", 1), ("NonZero", 2)), bounded=("If_3", "Loop_1")
        ),
        executed=Execution(operators=(fused, *operators[-3:]), uncosted=(("com.microsoft.Odd", 1),)),
        live_bytes=(each(4096, *tokens), each(8, *tokens, "sequence")),
    )


def golden(path: Path, text: str) -> str:
    if os.environ.get("INFRACTL_GOLDENS"):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return path.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("name", "at", "by"),
    [
        ("as-functions", {}, None),
        ("at-a-batch", {"batch": 8}, By.operator),
        ("at-all-sizes", {"batch": 8, "sequence": 512}, None),
        ("by-layer", {"batch": 1, "sequence": 1}, By.layer),
    ],
)
def test_an_onnx_model_reads_as_its_golden_says(name: str, at: dict[str, int], by: By | None) -> None:
    text = profile_text(transformer(), "models/tiny.onnx", at, by, Style())

    assert text == golden(CASES / "onnx" / f"{name}.txt", text)


@pytest.mark.parametrize("case", LANGUAGE, ids=lambda case: case.name)
def test_a_language_model_reads_as_its_golden_says(case: Path) -> None:
    text = language_text(profile_huggingface(case), case.name, {}, Style())

    assert text == golden(case / "profile.txt", text)


def test_a_language_model_at_a_load_has_one_line_of_it() -> None:
    profile = profile_huggingface(CASES / "language" / "gpt-oss-20b")

    *_, line = language_text(profile, "x", {"batch": 8, "prompt": 500, "context": 2000}, Style()).splitlines()

    assert re.split(r" {2,}", line.strip())[:4] == ["8", "500", "24.5 TFLOP", "2,000"]
    assert line.endswith(" of 32")


def test_colours_are_only_added() -> None:
    plain, coloured = (profile_text(transformer(), "x", {}, None, Style(color=color)) for color in (False, True))

    assert "\x1b[" in coloured
    assert re.sub("\x1b\\[[0-9]*m", "", coloured) == plain


def test_a_table_has_few_lines_however_deep_the_model_is() -> None:
    layers = transformer(layers=200)
    sizes = {"batch": 1.0, "sequence": 128.0}

    shown = summed(by_layer(layers.given.operators), MOST_LAYERS, sizes)

    assert len(shown) <= MOST_LAYERS
    assert sum(group.flops.at(sizes) for group in shown) == pytest.approx(layers.flops.at(sizes))
    assert sum(group.nodes for group in shown) == len(layers.given.operators)


@pytest.mark.parametrize(("layers", "lines"), [(2, 6), (12, 26), (20, 22)])
def test_layers_are_cut_as_deep_as_the_table_allows(layers: int, lines: int) -> None:
    assert len(by_layer(transformer(layers).given.operators)) == lines


def test_a_thousand_layers_on_one_level_end_in_a_line_that_sums_them_up() -> None:
    operators = [
        operator(f"/block.{n}/MatMul", "MatMul", Family.product, each(float(n + 1), "batch", "sequence"), 4.0)
        for n in range(1000)
    ]
    sizes = {"batch": 1.0, "sequence": 1.0}

    shown = summed(by_layer(operators), MOST_LAYERS, sizes)

    assert len(shown) == MOST_LAYERS
    assert shown[0].name == "/block.971" and shown[-1].name == "971 others"
    assert shown[-1].weight_bytes == 4 * 971


def test_where_names_tell_no_layer_a_weighted_operator_begins_one() -> None:
    operators = [
        operator("Cast_0", "Cast", Family.movement, Polynomial()),
        operator("MatMul_1", "MatMul", Family.product, each(2, "batch"), 8.0),
        operator("Add_2", "Add", Family.elementwise, each(1, "batch"), 4.0),
        operator("Gemm_3", "Gemm", Family.product, each(4, "batch"), 8.0),
    ]

    groups = by_layer(operators)

    assert [(g.name, g.nodes) for g in groups] == [("before the first layer", 1), ("1 MatMul MatMul_1", 2), ("2 Gemm Gemm_3", 1)]


def test_what_a_model_names_cannot_steer_the_terminal() -> None:
    plain = transformer()
    evil = TensorSpec(name="\x1b[2Jx", dtype=Dtype.float32, shape=("batch\n",))
    profile = replace(plain, signature=replace(plain.signature, outputs=(evil,)))

    assert "\x1b" not in profile_text(profile, "a\x07b", {"batch": 1, "sequence": 1}, None, Style())


def test_a_model_without_operators_is_shown() -> None:
    profile = replace(transformer(), given=Execution(operators=()), executed=None, live_bytes=())

    assert "compute     0 FLOP\n" in profile_text(profile, "empty.onnx", {}, None, Style())


def test_the_document_of_an_onnx_model_has_every_operator_and_the_totals_at_the_sizes_asked_for() -> None:
    profile = transformer()
    at = {"batch": 8, "sequence": 128}

    document = json.loads(json.dumps(profile_json(profile, at)))

    assert document["sort"] == "onnx"
    assert [o["name"] for o in document["given"]["operators"]] == [o.name for o in profile.given.operators]
    assert document["at"]["flops"] == profile.flops.at(at)
    assert document["at"]["peak_bytes"] == 4096 * 8 * 128
    assert sum(c["coefficient"] * 8 * 128 ** (len(c["dimensions"]) - 1) for c in document["flops"]) == profile.flops.at(at)
    assert document["given"]["uncosted"] == [{"operator": "com.example.Magic", "nodes": 1}, {"operator": "NonZero", "nodes": 2}]
    assert len(document["by_operator"]) == len(by_operator(profile.given.operators, at))


def test_the_document_has_no_totals_while_a_dimension_has_no_size() -> None:
    assert profile_json(transformer(), {"batch": 8})["at"] is None


def test_the_document_of_a_language_model_has_its_layers_and_what_was_asked_for() -> None:
    profile = profile_huggingface(CASES / "language" / "mixtral-8x7b")

    document = json.loads(json.dumps(language_json(profile, {"batch": 4, "prompt": 100, "context": 200})))

    assert document["sort"] == "language-model"
    assert document["model"]["layers"][0]["feed_forward"]["experts"] == 8
    assert document["at"]["prefill_flops"] == 4 * profile.model.prefill_flops(100)
    assert document["at"]["decode_bytes"] == profile.model.decode_bytes(4, 200)


def test_the_document_of_an_encoder_counts_a_text() -> None:
    profile = profile_huggingface(CASES / "language" / "bert-base-uncased")

    document = language_json(profile, {"batch": 2, "sequence": 128})

    assert document["sort"] == "encoder"
    assert document["at"] == {"sizes": {"batch": 2, "sequence": 128}, "flops": 2 * profile.model.prefill_flops(128)}


@pytest.mark.parametrize(
    ("flops", "text"),
    [
        (0, "0 FLOP"),
        (999, "999 FLOP"),
        (999.6, "1 kFLOP"),
        (2.47e3, "2.47 kFLOP"),
        (6.33e15, "6.33 PFLOP"),
        (1e30, "1,000,000 YFLOP"),
    ],
)
def test_operations_have_a_unit_of_their_size(flops: float, text: str) -> None:
    assert flops_text(flops) == text


@pytest.mark.parametrize(
    ("count", "text"), [(1210, "1,210"), (124e6, "124 million"), (8.03e9, "8.03 billion"), (1e12, "1 trillion")]
)
def test_parameters_are_said_in_words(count: float, text: str) -> None:
    assert parameters_text(count) == text


def test_what_is_little_is_not_nothing() -> None:
    assert [share_text(part, 1000) for part in (0, 1, 5, 6, 500)] == ["0%", "<1%", "<1%", "1%", "50%"]


def test_a_count_is_shown_as_a_function_with_its_largest_terms_first() -> None:
    count = Polynomial({("batch",): 3e6, ("batch", "sequence", "sequence"): 2e3, (): 7.0, ("batch", "sequence"): -1e6})
    sizes = {"batch": 1.0, "sequence": 100.0}

    assert polynomial_text(count, sizes, flops_text) == "-1 MFLOP × batch × sequence + 2 kFLOP × batch × sequence² + …"


@given(
    batch=st.integers(1, 10**9),
    sequence=st.integers(1, 10**9),
    terms=st.dictionaries(
        st.sampled_from([(), ("batch",), ("batch", "sequence"), ("batch", "sequence", "sequence")]), st.integers(0, 10**12)
    ),
)
def test_filling_dimensions_in_one_by_one_is_filling_all_in(batch: int, sequence: int, terms: dict[tuple[str, ...], int]) -> None:
    count = Polynomial({term: float(coefficient) for term, coefficient in terms.items()})

    step = filled(filled(count, {"batch": batch}), {"sequence": sequence})

    assert step.at({}) == pytest.approx(count.at({"batch": batch, "sequence": sequence}))


def test_the_guide_shows_what_is_printed() -> None:
    guide = (CASES.parents[2] / "docs" / "guides" / "profiling.md").read_text(encoding="utf-8")

    shown = re.findall(r"^```text\n(.*?)^```$", guide, re.MULTILINE | re.DOTALL)

    assert shown == [(CASES / case).read_text() for case in ("onnx/at-all-sizes.txt", "language/gpt-oss-20b/profile.txt")]


def test_the_guide_names_each_family_that_is_read() -> None:
    guide = (CASES.parents[2] / "docs" / "guides" / "profiling.md").read_text(encoding="utf-8")

    assert [family for family in FAMILIES if f"`{family}`" not in guide] == []


def test_the_terms_in_the_guide_are_those_of_its_model() -> None:
    guide = (CASES.parents[2] / "docs" / "guides" / "profiling.md").read_text(encoding="utf-8")
    (shown,) = re.findall(r"^```json\n(.*?)^```$", guide, re.MULTILINE | re.DOTALL)

    assert all(term in profile_json(transformer(), {})["flops"] for term in json.loads(shown))
