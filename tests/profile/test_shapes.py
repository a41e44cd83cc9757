"""Shapes that exporters compute inside of the graph are found, at any size, and costs are exact functions of the dimensions."""

from __future__ import annotations

import numpy as np
import pytest
from onnx import helper

from tests.profile.models import BOOL, FLOAT, INT64, given, graph_of, model_of, node, sampled


def attention_as_torch_writes_it(heads: int = 4, width: int = 32):
    """Ids to vectors, then self-attention whose head split is a chain of Shape, Gather, Unsqueeze, Concat and Reshape."""
    each = width // heads

    def split(name: str) -> list:
        return [
            node("MatMul", f"embedded w_{name}", name),
            node("Shape", name, f"{name}_shape"),
            node("Gather", f"{name}_shape zero", f"{name}_batch", axis=0),
            node("Shape", name, f"{name}_shape_again"),
            node("Gather", f"{name}_shape_again one", f"{name}_length", axis=0),
            node("Unsqueeze", f"{name}_batch front", f"{name}_batch_1"),
            node("Unsqueeze", f"{name}_length front", f"{name}_length_1"),
            node("Concat", f"{name}_batch_1 {name}_length_1 heads each", f"{name}_split", axis=0),
            node("Reshape", f"{name} {name}_split", f"{name}_heads"),
            node("Transpose", f"{name}_heads", f"{name}_ready", perm=[0, 2, 3, 1] if name == "k" else [0, 2, 1, 3]),
        ]

    nodes = [
        node("Gather", "table ids", "embedded"),
        *split("q"),
        *split("k"),
        *split("v"),
        node("MatMul", "q_ready k_ready", "scores"),
        node("Unsqueeze", "mask middle", "mask_4"),
        node("Cast", "mask_4", "mask_float", to=FLOAT),
        node("Sub", "unit mask_float", "masked"),
        node("Add", "scores masked", "biased"),
        node("Softmax", "biased", "weights", axis=-1),
        node("MatMul", "weights v_ready", "mixed"),
        node("Transpose", "mixed", "rows", perm=[0, 2, 1, 3]),
        node("Concat", "q_batch_1 q_length_1 width", "joined_shape", axis=0),
        node("Reshape", "rows joined_shape", "joined"),
        node("MatMul", "joined w_o", "out"),
    ]
    weights = {
        "table": np.zeros((100, width), np.float32),
        **{f"w_{name}": np.zeros((width, width), np.float32) for name in "qkvo"},
        **{"zero": np.array(0), "one": np.array(1), "front": np.array([0]), "middle": np.array([1, 2])},
        **{"heads": np.array([heads]), "each": np.array([each]), "width": np.array([width]), "unit": np.float32(1)},
    }
    inputs = [("ids", INT64, ["batch", "sequence"]), ("mask", INT64, ["batch", "sequence"])]
    return model_of(graph_of(nodes, inputs, [("out", FLOAT, ["batch", "sequence", width])], weights))


@pytest.mark.parametrize(("batch", "length"), [(1, 1), (1, 128), (3, 7), (32, 512)])
def test_attention_with_its_shapes_in_the_graph_is_a_polynomial_of_batch_and_length(batch: int, length: int) -> None:
    found = sampled(attention_as_torch_writes_it())

    assert found.costed.execution.uncosted == ()
    assert given(found, "MatMul", batch=batch, sequence=length) == [
        *[batch * length * 32] * 3,
        batch * 4 * length * length,
        batch * length * 32,
        batch * length * 32,
    ]
    assert given(found, "Softmax", batch=batch, sequence=length) == [batch * 4 * length**2]
    assert found.costed.deviation == 0


def test_what_a_constant_of_shape_expand_range_and_where_make_is_known() -> None:
    nodes = [
        node("Shape", "x", "shape"),
        node("ConstantOfShape", "shape", "zeros"),
        node("Gather", "shape one", "length", axis=0),
        node("Range", "zero length one", "places"),
        node("Unsqueeze", "places front", "row"),
        node("Expand", "row shape", "everywhere"),
        node("Less", "everywhere length", "inside"),
        node("Where", "inside x zeros", "y"),
    ]
    weights = {"zero": np.array(0), "one": np.array(1), "front": np.array([0])}
    model = model_of(graph_of(nodes, [("x", FLOAT, ["batch", "length"])], [("y", FLOAT, ["batch", "length"])], weights))

    found = sampled(model)

    assert found.costed.execution.uncosted == ()
    for operator in ("ConstantOfShape", "Expand", "Where"):
        assert given(found, operator, batch=3, length=5) == [15]
    assert given(found, "Range", batch=3, length=5) == [5]


def residual_network(opset: int = 17):
    """Stem with stride 2, pooling with stride 2, a block with a strided shortcut, global pooling and a classifier."""
    weights = {
        "stem": np.zeros((8, 3, 7, 7), np.float32),
        "first": np.zeros((16, 8, 3, 3), np.float32),
        "second": np.zeros((16, 16, 3, 3), np.float32),
        "shortcut": np.zeros((16, 8, 1, 1), np.float32),
        "classes": np.zeros((16, 10), np.float32),
    }
    nodes = [
        node("Conv", "image stem", "a", strides=[2, 2], pads=[3, 3, 3, 3]),
        node("Relu", "a", "b"),
        node("MaxPool", "b", "c", kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1]),
        node("Conv", "c first", "d", strides=[2, 2], pads=[1, 1, 1, 1]),
        node("Relu", "d", "e"),
        node("Conv", "e second", "f", pads=[1, 1, 1, 1]),
        node("Conv", "c shortcut", "g", strides=[2, 2]),
        node("Add", "f g", "h"),
        node("GlobalAveragePool", "h", "i"),
        node("Flatten", "i", "j"),
        node("MatMul", "j classes", "scores"),
    ]
    inputs = [("image", FLOAT, ["batch", 3, "height", "width"])]
    return model_of(graph_of(nodes, inputs, [("scores", FLOAT, ["batch", 10])], weights), opset)


def test_a_residual_network_costs_exactly_where_strides_divide_the_image() -> None:
    found = sampled(residual_network())

    assert found.costed.execution.uncosted == ()
    batch, height, width = 5, 224, 320
    sizes = {"batch": batch, "height": height, "width": width}
    places = (height // 8) * (width // 8)
    assert given(found, "Conv", **sizes) == [batch * 8 * places * 16, *[batch * 16 * places] * 3]
    assert given(found, "MatMul", **sizes) == [batch * 10]
    assert found.costed.deviation == 0


def test_an_image_that_is_pooled_by_a_fixed_window_is_evaluated_where_it_is_large_enough() -> None:
    weights = {"kernel": np.zeros((4, 3, 3, 3), np.float32)}
    nodes = [
        node("Conv", "image kernel", "a", strides=[32, 32], pads=[1, 1, 1, 1]),
        node("AveragePool", "a", "y", kernel_shape=[7, 7], strides=[1, 1]),
    ]
    inputs = [("image", FLOAT, ["batch", 3, "height", "width"])]

    found = sampled(model_of(graph_of(nodes, inputs, [("y", FLOAT, ["batch", 4, "h", "w"])], weights)))

    assert found.costed.execution.uncosted == ()
    assert given(found, "AveragePool", batch=2, height=224, width=448) == [2 * 4 * 1 * 8]


def test_lengths_up_to_a_table_of_positions_are_sampled_within_it() -> None:
    nodes = [
        node("Shape", "x", "length", start=1, end=2),
        node("Slice", "table zero length axis", "places"),
        node("Add", "x places", "y"),
    ]
    weights = {"table": np.zeros((1, 77, 8), np.float32), "zero": np.array([0]), "axis": np.array([1])}
    model = model_of(graph_of(nodes, [("x", FLOAT, ["batch", "length", 8])], [("y", FLOAT, ["batch", "length", 8])], weights))

    found = sampled(model)

    assert found.costed.execution.uncosted == ()
    assert all(size <= 77 for axis in found.grid.axes if axis.name == "length" for size in (*axis.sizes, axis.check))
    assert given(found, "Add", batch=2, length=50) == [2 * 50 * 8]


def test_a_length_that_few_sizes_fit_is_sampled_at_those() -> None:
    """A fixed reshape takes only one height, 48, whatever the width."""
    nodes = [node("Reshape", "x shape", "flat"), node("MatMul", "flat w", "y")]
    weights = {"shape": np.array([0, -1, 48 * 8]), "w": np.zeros((48 * 8, 5), np.float32)}
    inputs = [("x", FLOAT, ["batch", "width", "height", 8])]

    found = sampled(model_of(graph_of(nodes, inputs, [("y", FLOAT, ["batch", "columns", 5])], weights)))

    assert found.costed.execution.uncosted == ()
    assert given(found, "MatMul", batch=2, width=10, height=48) == [2 * 10 * 5]


def test_two_inputs_whose_axes_bear_different_names_move_together_where_the_model_demands_it() -> None:
    nodes = [node("Gather", "table ids", "a"), node("Gather", "table types", "b"), node("Add", "a b", "y")]
    weights = {"table": np.zeros((9, 16), np.float32)}
    inputs = [("ids", INT64, ["unk__1", "unk__2"]), ("types", INT64, ["unk__3", "unk__4"])]

    found = sampled(model_of(graph_of(nodes, inputs, [("y", FLOAT, ["unk__5", "unk__6", 16])], weights)))

    assert found.dimensions.tied == {"unk__3": "unk__1", "unk__4": "unk__2"}
    assert given(found, "Add", unk__1=3, unk__2=11, unk__3=3, unk__4=11) == [3 * 11 * 16]


def test_an_axis_that_is_named_as_a_sum_follows_its_parts() -> None:
    nodes = [node("Concat", "past new", "all", axis=1), node("Mul", "all mask", "y")]
    inputs = [
        ("past", FLOAT, ["batch", "past_length", 4]),
        ("new", FLOAT, ["batch", "length", 4]),
        ("mask", FLOAT, ["batch", "past_length + length", 1]),
    ]

    found = sampled(model_of(graph_of(nodes, inputs, [("y", FLOAT, ["batch", "total", 4])])))

    assert found.dimensions.free == ("batch", "past_length", "length")
    assert given(found, "Mul", batch=2, past_length=10, length=3) == [2 * 13 * 4]


def test_a_length_that_is_filled_up_to_a_minimum_is_evaluated_beyond_it() -> None:
    """Sound is filled up to 4096 samples: shorter ones cost the same, and say nothing of longer ones."""
    nodes = [
        node("Shape", "sound", "length", start=1, end=2),
        node("Sub", "least length", "missing"),
        node("Max", "missing zero", "more"),
        node("Concat", "zero zero zero more", "pads", axis=0),
        node("Pad", "sound pads", "filled"),
        node("Unsqueeze", "filled one", "channel"),
        node("Conv", "channel kernel", "y", strides=[256]),
    ]
    weights = {
        **{"least": np.array([4096]), "zero": np.array([0]), "one": np.array([1])},
        "kernel": np.zeros((2, 1, 256), np.float32),
    }
    model = model_of(graph_of(nodes, [("sound", FLOAT, ["batch", "samples"])], [("y", FLOAT, ["batch", 2, "frames"])], weights))

    found = sampled(model)

    assert given(found, "Conv", batch=1, samples=16_384) == [2 * 64]


def test_a_recurrent_network_gives_its_states_for_every_place() -> None:
    nodes = [node("LSTM", "x w r", "y h c", hidden_size=16), node("Squeeze", "y one", "rows")]
    weights = {
        "w": np.zeros((1, 64, 8), np.float32),
        "r": np.zeros((1, 64, 16), np.float32),
        "one": np.array([1]),
    }
    model = model_of(graph_of(nodes, [("x", FLOAT, ["length", "batch", 8])], [("rows", FLOAT, ["length", "batch", 16])], weights))

    found = sampled(model)

    assert given(found, "LSTM", length=9, batch=4) == [9 * 4 * 16 + 2 * 4 * 16]


def test_a_sequence_first_model_whose_attention_is_quadratic_in_its_first_axis_is_exact() -> None:
    nodes = [
        node("Transpose", "x", "rows", perm=[1, 0, 2]),
        node("Transpose", "x", "columns", perm=[1, 2, 0]),
        node("MatMul", "rows columns", "scores"),
    ]
    model = model_of(graph_of(nodes, [("x", FLOAT, ["length", "batch", 8])], [("scores", FLOAT, ["batch", "length", "length"])]))

    found = sampled(model)

    assert given(found, "MatMul", length=50, batch=3) == [3 * 50 * 50]
    assert found.costed.deviation == 0


def test_the_places_of_an_image_that_attend_to_each_other_are_exact() -> None:
    nodes = [
        node("Reshape", "image shape", "places"),
        node("Transpose", "places", "rows", perm=[0, 2, 1]),
        node("MatMul", "rows places", "scores"),
    ]
    inputs = [("image", FLOAT, ["batch", 4, "height", "width"])]
    model = model_of(graph_of(nodes, inputs, [("scores", FLOAT, ["batch", "a", "b"])], {"shape": np.array([0, 4, -1])}))

    found = sampled(model)

    assert given(found, "MatMul", batch=2, height=10, width=12) == [2 * 120 * 120]


def test_what_takes_nothing_but_weights_is_no_operator_of_a_run() -> None:
    nodes = [node("Transpose", "w", "turned", perm=[1, 0]), node("MatMul", "x turned", "y")]
    model = model_of(
        graph_of(nodes, [("x", FLOAT, ["batch", 8])], [("y", FLOAT, ["batch", 3])], {"w": np.zeros((3, 8), np.float32)})
    )

    found = sampled(model)

    assert [cost.operator for cost in found.costed.execution.operators] == ["MatMul"]
    assert found.costed.execution.operators[0].weight_bytes == 3 * 8 * 4


def test_a_value_that_depends_on_what_a_request_says_leaves_only_what_follows_it_unknown() -> None:
    nodes = [
        node("NonZero", "x", "where"),
        node("Neg", "where", "moved"),
        node("Relu", "x", "y"),
    ]
    outputs = [("moved", INT64, [2, "found"]), ("y", FLOAT, ["batch", 3])]

    found = sampled(model_of(graph_of(nodes, [("x", FLOAT, ["batch", 3])], outputs)))

    assert dict(found.costed.execution.uncosted) == {"NonZero": 1, "Neg": 1}
    assert given(found, "Relu", batch=4) == [12]


def test_what_the_file_declares_of_a_value_is_used_where_no_rule_knows_its_operator() -> None:
    graph = graph_of(
        [helper.make_node("Project", ["x"], ["m"], domain="com.example"), node("Relu", "m", "y")],
        [("x", FLOAT, ["batch", 3])],
        [("y", FLOAT, ["batch", 7])],
    )
    graph.value_info.append(helper.make_tensor_value_info("m", FLOAT, ["batch", 7]))

    found = sampled(model_of(graph, com_example=1))

    assert found.costed.execution.uncosted == (("com.example.Project", 1),)
    assert given(found, "Relu", batch=4) == [28]


def test_a_sliced_mask_of_bools_keeps_its_shape() -> None:
    nodes = [
        node("Shape", "x", "length", start=1, end=2),
        node("Slice", "triangle zero length one", "rows"),
        node("Slice", "rows zero length two", "square"),
        node("Where", "square x4 x4", "y"),
    ]
    nodes.insert(0, node("Unsqueeze", "x one", "x4"))
    weights = {
        "triangle": np.tri(1024, dtype=np.bool_)[None],
        **{"zero": np.array([0]), "one": np.array([1]), "two": np.array([2])},
    }
    model = model_of(graph_of(nodes, [("x", FLOAT, ["batch", "n"])], [("y", FLOAT, ["batch", "n", "n"])], weights))

    found = sampled(model)

    assert BOOL == 9
    assert given(found, "Where", batch=2, n=100) == [2 * 100 * 100]
