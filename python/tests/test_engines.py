"""Predictions by engines that hold the data: the recipes of the guide (docs/guide/large.md), on few rows.

scripts/engines.py runs them on many rows, and those of Ray and Spark.
"""

import concurrent.futures
import pickle

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet
import pytest

from ugmm_nn import UgmmClassifier, load

ROWS = 4000
PARTS = 4


@pytest.fixture(scope="module")
def table():
    random = np.random.default_rng(0)
    size = random.normal(size=ROWS)
    return pa.table(
        {
            "key": range(ROWS),
            "size": pa.array(size, mask=random.random(ROWS) < 0.1),
            "kind": pa.array(np.array(["fox", "owl", "lynx"])[random.integers(0, 3, ROWS)], mask=size > 1),
            "day": pa.array(np.datetime64("2024-01-01") + random.integers(0, 300, ROWS)),
        }
    )


@pytest.fixture(scope="module")
def model(table, tmp_path_factory):
    labels = pa.chunked_array([np.where(table["size"].to_numpy() > 0, "far", "near")])
    path = tmp_path_factory.mktemp("model") / "model.safetensors"
    UgmmClassifier(epochs=2, ignore=["key"]).fit(table, labels).save(path)
    return load(path).set_params(n_jobs=1)


@pytest.fixture
def folder(table, tmp_path):
    """A folder with the table in several files."""
    for part in range(PARTS):
        length = ROWS // PARTS
        pyarrow.parquet.write_table(table.slice(part * length, length), tmp_path / f"part-{part}.parquet")
    return tmp_path


@pytest.fixture(scope="module")
def expected(model, table):
    return model.predict_frame(table, keep=["key"])


def same(found, expected):
    """Whether a frame has the expected rows, in any order."""
    found = found if isinstance(found, pa.Table) else pa.Table.from_pandas(found, preserve_index=False)
    return found.sort_by("key").cast(expected.schema).equals(expected)


# Dask calls pandas in a way that pandas 3.1 no longer likes.
@pytest.mark.filterwarnings("ignore:The inplace keyword")
def test_dask(model, folder, expected):
    dataframe = pytest.importorskip("dask.dataframe", reason="Dask is not installed")
    found = dataframe.read_parquet(folder).map_partitions(model.predict_frame, keep=["key"])
    assert same(found.compute(scheduler="threads", num_workers=2), expected)
    # Types are those of the partitions, also where a partition is empty.
    few = dataframe.read_parquet(folder)
    few = few[few["key"] < ROWS // PARTS].map_partitions(model.predict_frame, keep=["key"])
    assert same(few.compute(scheduler="threads"), expected.slice(0, ROWS // PARTS))
    assert few.dtypes.astype(str).to_dict() == few.compute(scheduler="threads").dtypes.astype(str).to_dict()


def test_duckdb(model, folder, expected):
    duckdb = pytest.importorskip("duckdb", reason="DuckDB is not installed")
    source, sink = duckdb.connect(), duckdb.connect()
    batches = source.sql(f"SELECT * FROM '{folder}/*.parquet'").to_arrow_reader(1000)
    schema = model.predict_frame(batches.schema.empty_table(), keep=["key"]).schema
    found = (part for batch in batches for part in model.predict_frame(batch, keep=["key"]).to_batches())
    sink.register("predictions", pa.RecordBatchReader.from_batches(schema, found))
    sink.execute("CREATE TABLE kept AS SELECT * FROM predictions")
    assert same(sink.sql("SELECT * FROM kept").to_arrow_table(), expected)


def test_polars(model, folder, expected):
    rows = pl.scan_parquet(folder / "*.parquet")
    schema = model.predict_frame(rows.head(0).collect(), keep=["key"]).schema
    found = rows.map_batches(
        lambda batch: model.predict_frame(batch, keep=["key"]),
        schema=schema,
        streamable=True,
        projection_pushdown=False,
        predicate_pushdown=False,
    )
    assert same(found.collect(engine="streaming").to_arrow(), expected)
    # A query takes other columns than the model needs.
    count = found.filter(pl.col("predicted target") == "far").select(pl.len()).collect().item()
    assert count == expected["predicted target"].to_pylist().count("far")


def test_a_model_goes_to_other_processes_and_may_be_used_by_several_threads(model, table, expected):
    frame = table.to_pandas()
    sent = pickle.loads(pickle.dumps(model))
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: sent.predict_frame(frame, keep=["key"]), range(16)))
    assert all(same(one, expected) for one in found)
    assert isinstance(found[0], pd.DataFrame)
