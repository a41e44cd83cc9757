"""Open Inference Protocol bodies: what is read, what is refused and why, what is written."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from infractl.protocol.inference import Limits, Request, RequestReader, ResponseWriter, encode_model
from infractl.protocol.refusal import RequestError
from infractl.tensors import Dtype, Signature, TensorSpec

STRICT = Limits(max_items=8, reject_non_finite=True)
LAX = Limits(max_items=8, reject_non_finite=False)


def tensor(name: str, dtype: Dtype, *shape: int | str) -> TensorSpec:
    return TensorSpec(name=name, dtype=dtype, shape=shape)


MIXED = Signature(
    inputs=(
        tensor("x", Dtype.float32, "batch", 3),
        tensor("ids", Dtype.int8, "batch", "length"),
        tensor("mask", Dtype.bool_, "batch", "length"),
    ),
    outputs=(tensor("y", Dtype.float32, "batch", 2), tensor("label", Dtype.int64, "batch")),
)


def single(dtype: Dtype, *shape: int | str) -> Signature:
    return Signature(inputs=(tensor("x", dtype, *shape),), outputs=(tensor("y", dtype, *shape),))


def one_input(**changes: Any) -> dict[str, Any]:
    entry = {"name": "x", "shape": [1, 3], "datatype": "FP32", "data": [1, 2.5, -3], **changes}
    return {"inputs": [{key: value for key, value in entry.items() if value is not ...}]}


def decode(document: Any, signature: Signature | None = None, limits: Limits = STRICT) -> Request:
    body = document if isinstance(document, bytes) else json.dumps(document).encode()
    return RequestReader(signature or single(Dtype.float32, "batch", 3), limits).read(body)


def mixed(**changes: Any) -> dict[str, Any]:
    return {
        "id": "seven",
        "parameters": {"anything": 1},
        "inputs": [
            {"name": "mask", "shape": [2, 2], "datatype": "BOOL", "data": [True, False, True, True]},
            {"name": "x", "shape": [2, 3], "datatype": "FP32", "data": [[1, 2, 3], [4.5, 5, 6]], "parameters": {}},
            {"name": "ids", "shape": [2, 2], "datatype": "INT8", "data": [[-128, 0], [1, 127]]},
        ],
        **changes,
    }


def test_a_request_becomes_arrays_in_the_models_order() -> None:
    request = decode(mixed(), MIXED)

    assert list(request.inputs) == ["x", "ids", "mask"]
    assert (request.id, request.items, list(request.outputs)) == ("seven", 2, ["y", "label"])
    np.testing.assert_array_equal(request.inputs["x"], np.array([[1, 2, 3], [4.5, 5, 6]], np.float32))
    np.testing.assert_array_equal(request.inputs["ids"], np.array([[-128, 0], [1, 127]], np.int8))
    np.testing.assert_array_equal(request.inputs["mask"], np.array([[True, False], [True, True]]))
    assert [array.dtype for array in request.inputs.values()] == [np.float32, np.int8, np.bool_]


def test_only_the_outputs_that_are_asked_for_are_wanted() -> None:
    assert decode(mixed(outputs=[{"name": "label"}]), MIXED).outputs == ["label"]


@pytest.mark.parametrize("dtype", [Dtype.bool_, Dtype.bytes_, *(d for d in Dtype if d.startswith(("INT", "UINT", "FP")))])
def test_every_type_that_json_carries_goes_in_and_out(dtype: Dtype) -> None:
    data: list[Any] = [True, False] if dtype is Dtype.bool_ else ["a", "ü"] if dtype is Dtype.bytes_ else [0, 100]
    signature = single(dtype, "batch")
    document = {"inputs": [{"name": "x", "shape": [2], "datatype": dtype, "data": data}]}

    request = decode(document, signature)
    answer = ResponseWriter("m", "1", signature).write({"y": request.inputs["x"]}, None, ["y"])

    assert json.loads(answer)["outputs"] == [{"name": "y", "shape": [2], "datatype": dtype, "data": data}]


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        (b"", "the body is no JSON"),
        (b"{", "the body is no JSON"),
        (b"\xff", "the body is no JSON"),
        (b"[]", "the body is no JSON object"),
        (
            b'{"inputs": [{"name": "x", "shape": [1, 3], "datatype": "FP32", "data": [NaN, 1, 2]}]}',
            "NaN and Infinity are not taken",
        ),
        (b'{"inputs": [{"name": "x", "shape": [1, 3], "datatype": "FP32", "data": [1e999, 1, 2]}]}', "number is infinity"),
        ({}, 'no list of objects as "inputs"'),
        ({"inputs": {}}, 'no list of objects as "inputs"'),
        ({"inputs": [1]}, 'no list of objects as "inputs"'),
        ({"inputs": []}, 'input "x" is missing'),
        ({"inputs": one_input()["inputs"] * 2}, 'input "x" is given twice'),
        ({**one_input(), "id": 7}, "the request's id is no string"),
        ({**one_input(), "outputs": [{"name": "z"}]}, 'output "z" is not one of the model\'s: y'),
        ({**one_input(), "outputs": [{"name": "y"}] * 2}, "an output is asked for twice"),
        ({**one_input(), "outputs": "y"}, 'no list of objects as "outputs"'),
        (one_input(name="z"), 'input "z" is not one of the model\'s: x'),
        (one_input(name=...), "input without a name is not one of the model's: x"),
        (one_input(datatype="FP64"), 'input "x" is given as "FP64", and the model takes FP32'),
        (one_input(datatype="BYTES"), 'input "x" is given as "BYTES", and the model takes FP32'),
        (one_input(datatype=...), 'input "x" is given as no datatype, and the model takes FP32'),
        (one_input(shape=...), 'input "x" has no list of whole numbers as its shape'),
        (one_input(shape=[1, "3"]), 'input "x" has no list of whole numbers as its shape'),
        (one_input(shape=[-1, 3]), 'input "x" has no list of whole numbers as its shape'),
        (one_input(shape=[True, 3]), 'input "x" has no list of whole numbers as its shape'),
        (one_input(shape=[1.0, 3]), 'input "x" has no list of whole numbers as its shape'),
        (one_input(shape=[1, 3, -1]), 'input "x" has no list of whole numbers as its shape'),
        (one_input(shape=3), 'input "x" has no list of whole numbers as its shape'),
        (one_input(shape=[3]), 'input "x" has the shape [3], and the model takes [batch, 3]'),
        (one_input(shape=[1, 4]), 'input "x" has the shape [1, 4], and the model takes [batch, 3]'),
        (one_input(shape=[2, 3]), 'input "x" has 3 elements in its data, and its shape [2, 3] holds 6'),
        (one_input(shape=[0, 3], data=[]), "the batch has 0 items, and it takes from 1 to 8"),
        (one_input(shape=[9, 3], data=[0] * 27), "the batch has 9 items, and it takes from 1 to 8"),
        (one_input(data=...), 'input "x" has no data'),
        (one_input(data="abc"), 'input "x" has no list as its data'),
        (one_input(data=[[1, 2]]), 'input "x" has rows of other lengths in its data than its shape [1, 3] says'),
        (one_input(data=[[1, 2, 3], [1, 2, 3]]), 'input "x" has 2 rows in its data, and its shape is [1, 3]'),
        (one_input(shape=[2, 3], data=[[1, 2, 3], 4]), 'input "x" mixes lists and elements'),
        (one_input(data=[1, "2", 3]), 'input "x" holds strings in its data, which FP32 does not take'),
        (one_input(data=[1, None, 3]), 'input "x" holds nulls or objects in its data, which FP32 does not take'),
        (one_input(data=[1, True, 3]), 'input "x" holds booleans in its data, which FP32 does not take'),
        (one_input(data=[1, [2], 3]), 'input "x" holds lists in its data, which FP32 does not take'),
        (one_input(data=[1, 1e39, 3]), 'input "x" holds NaN, infinity or a number outside the range of FP32'),
    ],
)
def test_what_does_not_fit_is_refused_with_a_reason(document: Any, reason: str) -> None:
    with pytest.raises(RequestError) as caught:
        decode(document)

    assert caught.value.status == 400
    assert reason in caught.value.reason


@pytest.mark.parametrize(
    ("dtype", "data", "reason"),
    [
        (Dtype.uint8, [256], "outside the range of UINT8"),
        (Dtype.uint64, [-1], "outside the range of UINT64"),
        (Dtype.int64, [2**63], "outside the range of INT64"),
        (Dtype.int32, [1.0], "numbers with a fraction in its data, which INT32 does not take"),
        (Dtype.bool_, [1], "whole numbers in its data, which BOOL does not take"),
        (Dtype.bytes_, [1], "whole numbers in its data, which BYTES does not take"),
        (Dtype.bfloat16, [1.0], "is BF16, which JSON cannot carry"),
    ],
)
def test_elements_that_the_type_does_not_hold_are_refused(dtype: Dtype, data: list[Any], reason: str) -> None:
    document = {"inputs": [{"name": "x", "shape": [1], "datatype": dtype, "data": data}]}

    with pytest.raises(RequestError) as caught:
        decode(document, single(dtype, "batch"))

    assert reason in caught.value.reason


@pytest.mark.parametrize("dtype", [d for d in Dtype if d.startswith(("INT", "UINT"))])
def test_whole_numbers_are_read_up_to_both_ends_of_their_type_and_no_further(dtype: Dtype) -> None:
    ends = np.iinfo(dtype.lower())

    def read(*data: int) -> Any:
        document = {"inputs": [{"name": "x", "shape": [len(data)], "datatype": dtype, "data": data}]}
        return decode(document, single(dtype, "batch")).inputs["x"]

    found = read(ends.min, 0, ends.max)

    assert found.dtype == ends.dtype
    assert found.tolist() == [ends.min, 0, ends.max]
    for beyond in (ends.min - 1, ends.max + 1):
        # JSON itself has no whole number below or above those of 64 bits: it becomes one with a fraction.
        with pytest.raises(RequestError, match=f"outside the range of {dtype}|with a fraction"):
            read(0, beyond)


def test_inputs_must_agree_on_an_axis_that_they_share() -> None:
    document = mixed()
    document["inputs"][1].update(shape=[1, 3], data=[1, 2, 3])

    with pytest.raises(RequestError, match='input "x" has 1 along batch, and input "mask" has 2'):
        decode(document, MIXED)


def test_nan_passes_where_the_policy_lets_it() -> None:
    body = b'{"inputs": [{"name": "x", "shape": [1, 3], "datatype": "FP32", "data": [NaN, -Infinity, 1e39]}]}'

    array = decode(body, limits=LAX).inputs["x"]

    np.testing.assert_array_equal(array, np.array([[np.nan, -np.inf, np.inf]], np.float32))


def test_an_axis_other_than_the_batch_may_be_empty() -> None:
    document = {"inputs": [{"name": "x", "shape": [2, 0], "datatype": "FP32", "data": [[], []]}]}

    assert decode(document, single(Dtype.float32, "batch", "length")).inputs["x"].shape == (2, 0)


def test_an_answer_names_model_version_and_request() -> None:
    outputs = {"y": np.array([[1.5, np.nan]], np.float32), "label": np.array([7])}

    answer = ResponseWriter("m", "v2", MIXED).write(outputs, "seven", ["label", "y"])

    assert json.loads(answer) == {
        "model_name": "m",
        "model_version": "v2",
        "id": "seven",
        "outputs": [
            {"name": "label", "shape": [1], "datatype": "INT64", "data": [7]},
            {"name": "y", "shape": [1, 2], "datatype": "FP32", "data": [1.5, None]},
        ],
    }


LARGEST = {Dtype.float16: 65504.0, Dtype.float32: 3.4028234663852886e38, Dtype.float64: 1.7976931348623157e308}


@pytest.mark.parametrize("dtype", LARGEST)
@pytest.mark.parametrize("count", [1, 3, 5000])
def test_numbers_up_to_the_largest_of_their_type_are_read(dtype: Dtype, count: int) -> None:
    data = [LARGEST[dtype], *[-1.5] * (count - 1)]
    document = {"inputs": [{"name": "x", "shape": [count], "datatype": dtype, "data": data}]}

    found = decode(document, single(dtype, "n"), Limits(max_items=count, reject_non_finite=True)).inputs["x"]

    assert found.tolist() == data


@pytest.mark.parametrize("dtype", [Dtype.float16, Dtype.float32])
@pytest.mark.parametrize("count", [1, 3, 5000])
def test_a_number_beyond_its_type_is_refused_or_becomes_infinity(dtype: Dtype, count: int) -> None:
    data = [*[0.5] * (count - 1), -1.1 * LARGEST[dtype]]
    document = {"inputs": [{"name": "x", "shape": [count], "datatype": dtype, "data": data}]}

    with pytest.raises(RequestError, match="outside the range"):
        decode(document, single(dtype, "n"), Limits(max_items=count, reject_non_finite=True))
    lax = decode(document, single(dtype, "n"), Limits(max_items=count, reject_non_finite=False))

    assert lax.inputs["x"].tolist() == [*data[:-1], -np.inf]


@given(data=st.lists(st.floats(width=64), min_size=1, max_size=4), dtype=st.sampled_from(list(LARGEST)))
def test_no_number_passes_for_finite_that_is_not(data: list[float], dtype: Dtype) -> None:
    body = json.dumps({"inputs": [{"name": "x", "shape": [len(data)], "datatype": dtype, "data": data}]}).encode()
    with np.errstate(over="ignore"):
        expected = np.array(data).astype({Dtype.float16: "float16", Dtype.float32: "float32"}.get(dtype, "float64"))

    lax = decode(body, single(dtype, "n"), LAX)

    np.testing.assert_array_equal(lax.inputs["x"], expected)
    if np.isfinite(expected).all():
        np.testing.assert_array_equal(decode(body, single(dtype, "n"), STRICT).inputs["x"], expected)
    else:
        with pytest.raises(RequestError):
            decode(body, single(dtype, "n"), STRICT)


@given(lengths=st.lists(st.integers(1, 3), min_size=2, max_size=2))
def test_requests_have_equal_keys_where_they_can_be_joined(lengths: list[int]) -> None:
    free, fixed = single(Dtype.float32, "batch", "length"), single(Dtype.float32, "batch", 3)

    def key(signature: Signature, items: int, length: int) -> object:
        entry = {"name": "x", "shape": [items, length], "datatype": "FP32", "data": [1.0] * items * length}
        return decode({"inputs": [entry]}, signature).join_key

    assert (key(free, 1, lengths[0]) == key(free, 2, lengths[1])) == (lengths[0] == lengths[1])
    assert key(fixed, 1, 3) == key(fixed, 2, 3)


def test_a_models_metadata_marks_dynamic_axes() -> None:
    document = json.loads(encode_model("m", ["1", "2"], MIXED))

    assert document["versions"] == ["1", "2"]
    assert document["inputs"][1] == {"name": "ids", "datatype": "INT8", "shape": [-1, -1]}
    assert document["outputs"][1] == {"name": "label", "datatype": "INT64", "shape": [-1]}


scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5)
anything = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4)
)
sizes = st.integers(-1, 4) | st.sampled_from([2**31, 2**62, 2**70])
entries = st.fixed_dictionaries(
    {},
    optional={
        "name": st.sampled_from(["x", "ids", "mask", "z"]) | anything,
        "shape": st.lists(sizes, max_size=3) | anything,
        "datatype": st.sampled_from(list(Dtype)) | anything,
        "data": st.lists(st.integers(-200, 200) | st.booleans() | scalars, max_size=8) | anything,
    },
)
bodies = st.fixed_dictionaries(
    {"inputs": st.lists(entries, max_size=4) | anything}, optional={"id": anything, "outputs": anything}
)


@given(document=bodies | anything, limits=st.sampled_from([STRICT, LAX]))
def test_no_body_raises_anything_but_a_refusal(document: Any, limits: Limits) -> None:
    refuses_or_reads(json.dumps(document).encode(), limits)


@given(entry=entries, limits=st.sampled_from([STRICT, LAX]))
def test_no_single_changed_input_raises_anything_but_a_refusal(entry: dict[str, Any], limits: Limits) -> None:
    document = mixed()
    document["inputs"][2].update(entry)
    refuses_or_reads(json.dumps(document).encode(), limits)


@given(body=st.binary(max_size=200), limits=st.sampled_from([STRICT, LAX]))
def test_no_bytes_raise_anything_but_a_refusal(body: bytes, limits: Limits) -> None:
    refuses_or_reads(body, limits)


@given(at=st.integers(0, 300), byte=st.integers(0, 255))
def test_no_flipped_byte_raises_anything_but_a_refusal(at: int, byte: int) -> None:
    body = bytearray(json.dumps(mixed()).encode())
    body[at % len(body)] = byte
    refuses_or_reads(bytes(body), LAX)


def refuses_or_reads(body: bytes, limits: Limits) -> None:
    try:
        request = RequestReader(MIXED, limits).read(body)
    except RequestError as refusal:
        assert refusal.status == 400 and refusal.reason
        json.dumps({"error": refusal.reason}).encode()
    else:
        outputs = {"y": request.inputs["x"], "label": request.inputs["ids"]}
        ResponseWriter("m", "1", MIXED).write(outputs, request.id, request.outputs)
