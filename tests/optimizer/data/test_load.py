"""Data files that fit a model, in each of the formats."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from infractl.errors import DataError
from infractl.optimizer.data.cast import LossyCastError, cast
from infractl.optimizer.data.load import load
from infractl.tensors import Dtype, Signature, TensorSpec

TABLE = Signature(inputs=(TensorSpec(name="x", dtype=Dtype.float32, shape=("n", 3)),), outputs=())
TWO = Signature(
    inputs=(
        TensorSpec(name="age", dtype=Dtype.float32, shape=("n", 1)),
        TensorSpec(name="city", dtype=Dtype.bytes_, shape=("n",)),
    ),
    outputs=(),
)
X = np.array([[0.5, 1, 2], [3, 4, 5.25]])


def test_npz_has_inputs_and_labels_by_name(tmp_path: Path) -> None:
    np.savez(tmp_path / "data.npz", y=np.array([[1], [0]]), x=X, other=np.array(["unread"], dtype=object))

    rows = load(tmp_path / "data.npz", TABLE, "y")

    assert rows.inputs["x"].dtype == np.float32 and (rows.inputs["x"] == X).all()
    assert rows.labels is not None and rows.labels.tolist() == [1, 0]


def test_npy_is_a_models_only_input(tmp_path: Path) -> None:
    np.save(tmp_path / "data.npy", X)

    rows = load(tmp_path / "data.npy", TABLE)

    assert (rows.inputs["x"] == X).all() and rows.labels is None


@pytest.mark.parametrize(
    "header",
    ["{'descr': '<f8', 'fortran_order': False, 'shape': (10**30,)}", "{'shape': (", "{'descr': '<f8'}", "[]", "{'a': 1}}"],
)
def test_a_header_that_nothing_can_be_made_of_is_unreadable(header: str, tmp_path: Path) -> None:
    text = header.replace("10**30", str(10**30)).ljust(117) + "\n"
    (tmp_path / "data.npy").write_bytes(b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text.encode())

    with pytest.raises(DataError, match="data-unreadable"):
        load(tmp_path / "data.npy", TABLE)


@given(
    at=st.integers(0, 400), byte=st.integers(0, 255), length=st.integers(1, 500), ending=st.sampled_from([".npz", ".npy", ".csv"])
)
def test_whatever_a_file_holds_it_is_read_or_refused(
    at: int, byte: int, length: int, ending: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.getbasetemp() / f"damaged{ending}"
    if ending == ".csv":
        path.write_text("a,b,c\n0.5,1,2\n3,4,5.25\n")
    else:
        {".npz": lambda: np.savez(path, x=X), ".npy": lambda: np.save(path, X)}[ending]()
    content = bytearray(path.read_bytes())
    content[at % len(content)] = byte
    path.write_bytes(content[: max(1, length)])

    try:
        assert load(path, TABLE).inputs["x"].dtype == np.float32
    except DataError as error:
        assert all(d.slug.startswith("data-") for d in error.diagnostics)


def test_columns_of_csv_are_the_features_in_their_order(tmp_path: Path) -> None:
    (tmp_path / "data.csv").write_text('b,"a, quoted",kind,c\n0.5,1,cat,2\n3,4,dog,5.25\n\n', encoding="utf-8-sig")

    rows = load(tmp_path / "data.csv", TABLE, "kind")

    assert (rows.inputs["x"] == X).all()
    assert rows.labels is not None and rows.labels.tolist() == ["cat", "dog"]


def test_columns_of_csv_go_to_inputs_of_their_names(tmp_path: Path) -> None:
    (tmp_path / "data.csv").write_text("city,age,unused\nUlm,31,1\nBonn,64,2\n")

    rows = load(tmp_path / "data.csv", TWO)

    assert rows.inputs["age"].tolist() == [[31.0], [64.0]]
    assert rows.inputs["city"].dtype == object and rows.inputs["city"].tolist() == ["Ulm", "Bonn"]


def test_columns_without_names_that_pandas_wrote_are_read(tmp_path: Path) -> None:
    (tmp_path / "data.csv").write_text("0,1,2\n0.5,1,2\n3,4,5.25\n")

    assert (load(tmp_path / "data.csv", TABLE).inputs["x"] == X).all()


def test_parquet_has_columns_of_numbers_and_lists(tmp_path: Path) -> None:
    pyarrow = pytest.importorskip("pyarrow", reason="parquet files are read with pyarrow, which is not installed")
    parquet = pytest.importorskip("pyarrow.parquet")
    columns = {"a": X[:, 0], "b": X[:, 1], "c": X[:, 2], "y": ["cat", "dog"]}
    parquet.write_table(pyarrow.table(columns), tmp_path / "columns.parquet")
    parquet.write_table(pyarrow.table({"x": X.tolist(), "y": [1, 0]}), tmp_path / "lists.parquet")

    by_column, by_list = load(tmp_path / "columns.parquet", TABLE, "y"), load(tmp_path / "lists.parquet", TABLE, "y")

    assert (by_column.inputs["x"] == X).all() and (by_list.inputs["x"] == X).all()
    assert by_column.labels is not None and by_column.labels.tolist() == ["cat", "dog"]


def test_parquet_that_is_cut_short_is_unreadable(tmp_path: Path) -> None:
    pytest.importorskip("pyarrow", reason="parquet files are read with pyarrow, which is not installed")
    (tmp_path / "data.parquet").write_bytes(b"PAR1 and no end")

    with pytest.raises(DataError, match="data-unreadable"):
        load(tmp_path / "data.parquet", TABLE)


def test_without_pyarrow_parquet_names_it(tmp_path: Path) -> None:
    try:
        import pyarrow  # noqa: F401
    except ImportError:
        (tmp_path / "data.parquet").write_bytes(b"PAR1")
        with pytest.raises(DataError, match="data-package") as raised:
            load(tmp_path / "data.parquet", TABLE)
        assert "pip install pyarrow" in raised.value.diagnostics[0].remedy
    else:
        pytest.skip("pyarrow is installed")


NUMBERS = st.sampled_from([np.bool_, np.int8, np.uint8, np.int32, np.int64, np.uint64, np.float32, np.float64])
WANTED = [
    Dtype.bool_,
    Dtype.uint8,
    Dtype.int8,
    Dtype.int32,
    Dtype.int64,
    Dtype.uint64,
    Dtype.float16,
    Dtype.float32,
    Dtype.float64,
]


@given(array=NUMBERS.flatmap(lambda dtype: arrays.arrays(dtype, st.integers(1, 4))), wanted=st.sampled_from(WANTED))
def test_a_number_becomes_itself_or_a_shorter_float_or_is_refused(array: np.ndarray, wanted: Dtype) -> None:
    try:
        made = cast(array, wanted)
    except LossyCastError:
        return

    rounded = array.dtype.kind == "f" and made.dtype.kind == "f"
    for before, after in zip(array.tolist(), made.tolist(), strict=True):
        # Python compares whole numbers with floats exactly.
        assert before == after or before != before or (rounded and after == np.asarray(before).astype(made.dtype))


@given(value=st.integers(-(2**24), 2**24))
def test_a_whole_number_that_a_float_can_hold_is_taken(value: int) -> None:
    assert cast(np.array([value]), Dtype.float32).tolist() == [value]
