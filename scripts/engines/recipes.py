"""One recipe for each engine: from a folder of Parquet files to a folder of Parquet files with keys and predictions.

    python -m engines.recipes ENGINE ROWS OUT MODEL NOTES

runs one, in a process of its own. The guide explains them (docs/guide/large.md).
"""

import functools
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from . import worker

# Workers of the engines that have processes for them, and rows of a batch of those that can be told.
WORKERS = 2
BATCH = 25_000


def with_ray(rows: str, out: str, model: str, notes: str) -> None:
    """Ray Data: two nodes and two actors, which get tables of Arrow."""
    import ray
    from ray.cluster_utils import Cluster

    class Predictor:
        def __init__(self) -> None:
            worker.model(model)

        def __call__(self, batch):
            return worker.predict(batch, model, notes)

    cluster = Cluster()
    for _ in range(WORKERS):
        # The second CPU of a node is for its reading tasks.
        cluster.add_node(num_cpus=2, object_store_memory=300 * 2**20)
    ray.init(address=cluster.address, logging_level="ERROR", log_to_driver=False)
    ray.data.DataContext.get_current().enable_progress_bars = False
    try:
        # Ray makes one block of up to 128 MiB, and one actor would get it.
        table = ray.data.read_parquet(rows).repartition(target_num_rows_per_block=BATCH)
        pool = ray.data.ActorPoolStrategy(size=WORKERS)
        found = table.map_batches(
            Predictor, batch_format="pyarrow", batch_size=BATCH, compute=pool, scheduling_strategy="SPREAD"
        )
        found.write_parquet(out)
    finally:
        ray.shutdown()
        cluster.shutdown()


def with_spark(rows: str, out: str, model: str, notes: str) -> None:
    """Spark: `mapInArrow` on a master and two executors in processes of their own."""
    import pyspark
    from pyspark.sql import SparkSession

    os.environ.setdefault("SPARK_HOME", str(Path(pyspark.__file__).parent))
    os.environ["PYSPARK_PYTHON"] = sys.executable
    builder = SparkSession.builder.master(f"local-cluster[{WORKERS},1,1024]")
    builder = builder.config("spark.executorEnv.PYTHONPATH", os.environ["PYTHONPATH"])
    builder = builder.config("spark.executor.memory", "1g").config("spark.ui.enabled", "false")
    builder = builder.config("spark.ui.showConsoleProgress", "false").config("spark.log.level", "ERROR")
    builder = builder.config("spark.sql.execution.arrow.maxRecordsPerBatch", str(BATCH))
    session = builder.getOrCreate()

    def predict(batches: Iterator) -> Iterator:
        for batch in batches:
            yield from worker.predict(batch, model, notes).to_batches()

    try:
        table = session.read.parquet(rows)
        schema = "`key` long, `predicted label` string, " + ", ".join(
            f"`probability of {label}` float" for label in worker.model(model).classes_
        )
        table.mapInArrow(predict, schema).write.parquet(out)
    finally:
        session.stop()


def with_dask(rows: str, out: str, model: str, notes: str) -> None:
    """Dask: `map_partitions` on two processes, each of which gets frames of pandas."""
    import dask.dataframe
    from dask.distributed import Client, LocalCluster

    with (
        LocalCluster(n_workers=WORKERS, threads_per_worker=1, dashboard_address=None) as cluster,
        Client(cluster),
    ):
        table = dask.dataframe.read_parquet(rows)
        types = worker.model(model).predict_frame(table.partitions[0].head(0), keep=["key"])
        table.map_partitions(worker.predict, model, notes, meta=types).to_parquet(out, write_index=False)


def with_duckdb(rows: str, out: str, model: str, notes: str) -> None:
    """DuckDB: a stream of Arrow batches out of a query, and a stream of predictions back into one."""
    import duckdb
    import pyarrow

    source, sink = duckdb.connect(), duckdb.connect()
    batches = source.sql(f"SELECT * FROM '{rows}/*.parquet'").to_arrow_reader(BATCH)
    empty = pyarrow.Table.from_batches([], batches.schema)
    schema = worker.model(model).predict_frame(empty, keep=["key"]).schema
    found = (part for batch in batches for part in worker.predict(batch, model, notes).to_batches())
    predictions = pyarrow.RecordBatchReader.from_batches(schema, found)
    Path(out).mkdir()
    sink.register("predictions", predictions)
    sink.execute(f"COPY predictions TO '{out}/predictions.parquet'")


def with_polars(rows: str, out: str, model: str, notes: str) -> None:
    """Polars: `map_batches` of a lazy frame, by the streaming engine."""
    import polars

    table = polars.scan_parquet(f"{rows}/*.parquet")
    schema = worker.model(model).predict_frame(table.head(0).collect(), keep=["key"]).schema
    predict = functools.partial(worker.predict, path=model, notes=notes)
    # The function needs all of the model's columns, whatever a query takes of its result.
    found = table.map_batches(
        predict, schema=schema, streamable=True, projection_pushdown=False, predicate_pushdown=False
    )
    Path(out).mkdir()
    found.sink_parquet(f"{out}/predictions.parquet")


RECIPES: dict[str, Callable[[str, str, str, str], None]] = {
    "ray": with_ray,
    "spark": with_spark,
    "dask": with_dask,
    "duckdb": with_duckdb,
    "polars": with_polars,
}

if __name__ == "__main__":
    RECIPES[sys.argv[1]](*sys.argv[2:])
