"""Shapes of students: as they are written, as they are chosen, and the layers that come of them."""

from __future__ import annotations

import pytest

from infractl.optimizer.student.shape import LayerKind, Shape, Sort, read_shape, usual_shape
from infractl.optimizer.student.space import shapes


@pytest.mark.parametrize("text", ["conv 16-32-64 stride 2", "conv 8 stride 1", "mlp 256", "mlp 256-64"])
def test_a_shape_reads_as_it_is_written(text: str) -> None:
    assert str(read_shape(text)) == text


@pytest.mark.parametrize(
    "text", ["", "conv", "mlp 64 stride 2", "conv 16-0", "mlp 99999", "lstm 64", "conv 8 stride 9", "mlp -1"]
)
def test_what_is_no_shape_is_none(text: str) -> None:
    assert read_shape(text) is None


def test_a_digit_takes_the_net_that_was_made_by_hand() -> None:
    shape = usual_shape((1, 28, 28))

    assert shape == Shape(sort=Sort.conv, widths=(16, 32, 64), stride=2)
    # 28 becomes 14, 7 and 4; counted by hand: 160 + 4,640 + 18,496 + 10,250.
    layers = shape.layers((1, 28, 28), 10)
    assert sum(layer.outputs * (layer.inputs * max(1, layer.kernel) ** 2 + 1) for layer in layers if layer.outputs) == 33_546


def test_an_image_of_any_size_is_averaged_before_it_is_classified() -> None:
    layers = usual_shape((3, None, None)).layers((3, None, None), 4)

    assert [layer.kind for layer in layers[-3:]] == [LayerKind.pool, LayerKind.flatten, LayerKind.dense]
    assert layers[-1].inputs == layers[-4].outputs


def test_a_large_map_is_averaged_so_that_the_last_layer_stays_small() -> None:
    layers = Shape(sort=Sort.conv, widths=(8,), stride=2).layers((3, 64, 64), 4)

    assert layers[-1].inputs == 8


@pytest.mark.parametrize("item", [(1, 28, 28), (3, 224, 224), (3, None, None), (3, 5, 5), (30,)])
def test_a_search_tries_each_shape_once_and_the_usual_one_early(item: tuple[int | None, ...]) -> None:
    tried = shapes(item)

    assert len(set(tried)) == len(tried) >= 8
    assert usual_shape(item) in tried[:4]
    for shape in tried:
        assert read_shape(str(shape)) == shape
        assert shape.layers(item, 5)[-1].outputs == 5
