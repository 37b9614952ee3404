"""How calls behave: threads, forks, Ctrl-C, checkpoints and callbacks."""

import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import time

import numpy as np
import pytest

from ugmm_nn import UgmmClassifier, UgmmDensity, UgmmRegressor

# Long enough for whatever must end soon, on a busy machine.
SOON = 60

needs_fork = pytest.mark.skipif(
    "fork" not in multiprocessing.get_all_start_methods(), reason="no processes can be forked"
)


@pytest.fixture(scope="module")
def many():
    random = np.random.default_rng(0)
    rows = random.normal(size=(4000, 10))
    return rows, (rows.sum(axis=1) > 0).astype(int)


def fit_and_predict(rows, classes, queue):
    classifier = UgmmClassifier(epochs=2).fit(rows, classes)
    queue.put(classifier.predict_proba(rows))


@needs_fork
# A fork of a process with threads may hang; that this one does not is what is tested.
@pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")
def test_a_forked_process_trains_after_its_parent_did(numbers):
    rows, classes = numbers
    expected = UgmmClassifier(epochs=2).fit(rows, classes).predict_proba(rows)
    UgmmDensity(epochs=1, members=1).fit(rows).score_samples(rows)
    context = multiprocessing.get_context("fork")
    queue = context.Queue()
    children = [context.Process(target=fit_and_predict, args=(rows, classes, queue)) for _ in range(2)]
    for child in children:
        child.start()
    found = [queue.get(timeout=SOON) for _ in children]
    for child in children:
        child.join(SOON)
        assert child.exitcode == 0
    assert all(np.array_equal(one, expected) for one in found)


@needs_fork
@pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")
def test_a_forked_process_uses_the_model_of_its_parent(numbers):
    rows, classes = numbers
    classifier = UgmmClassifier(epochs=2).fit(rows, classes)
    expected = classifier.predict_proba(rows)
    with multiprocessing.get_context("fork").Pool(2) as pool:
        found = pool.map_async(classifier.predict_proba, [rows] * 4).get(SOON)
    assert all(np.array_equal(one, expected) for one in found)


@pytest.mark.parametrize("call", ["fit", "predict_proba"])
def test_other_threads_of_python_run_meanwhile(call, many):
    rows, classes = many
    classifier = UgmmClassifier(epochs=2, n_jobs=1).fit(rows, classes)
    rows = np.vstack([rows] * (1 if call == "fit" else 50))
    long = UgmmClassifier(epochs=60, n_jobs=1)
    ended = threading.Event()
    waits = []

    def watch():
        last = time.perf_counter()
        while not ended.is_set():
            time.sleep(0.001)
            now = time.perf_counter()
            waits.append(now - last)
            last = now

    thread = threading.Thread(target=watch)
    thread.start()
    began = time.perf_counter()
    long.fit(rows, classes) if call == "fit" else classifier.predict_proba(rows)
    took = time.perf_counter() - began
    ended.set()
    thread.join()
    # With the lock held, one wait would be as long as the call.
    assert max(waits) < 0.7 * took, (max(waits), took)


def test_models_are_used_by_many_threads_at_once(many):
    rows, classes = many
    classifier = UgmmClassifier(epochs=2).fit(rows, classes)
    expected, found = classifier.predict_proba(rows), []
    threads = [threading.Thread(target=lambda: found.append(classifier.predict_proba(rows))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(SOON)
    assert len(found) == 8 and all(np.array_equal(one, expected) for one in found)


PROGRAM = """
import sys
import numpy as np
from ugmm_nn import UgmmClassifier, UgmmDensity
random = np.random.default_rng(0)
rows = random.normal(size=(3000, 10))
classes = (rows.sum(axis=1) > 0).astype(int)
WHAT
print("ended")
"""


def interrupted(what, after, arguments=()):
    """A child process that runs `what`, interrupted this long after its first line of output."""
    program = [sys.executable, "-u", "-c", PROGRAM.replace("WHAT", what), *arguments]
    child = subprocess.Popen(program, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        assert child.stdout.readline() == "begun\n"
        time.sleep(after)
        sent = time.perf_counter()
        child.send_signal(signal.SIGINT)
        output, errors = child.communicate(timeout=SOON)
    finally:
        child.kill()
    return child.returncode, output, errors, time.perf_counter() - sent


@pytest.mark.parametrize(
    "what",
    [
        'print("begun"); UgmmClassifier(epochs=10**6).fit(rows, classes)',
        'print("begun"); UgmmClassifier(epochs=10**6).fit(rows, classes, callback=lambda progress: None)',
        'print("begun"); UgmmClassifier(epochs=2, search={"a": {"epochs": 10**6}, "b": {}}).fit(rows, classes)',
        'print("begun"); UgmmDensity(epochs=10**6, patience=10**6, members=1).fit(rows)',
        """
classifier = UgmmClassifier(epochs=2, hidden=[64]).fit(rows, classes)
print("begun"); classifier.certify(np.vstack([rows] * 20), 0.3, boxes=10**5)
""",
        """
density = UgmmDensity(epochs=2, members=1).fit(rows)
print("begun")
while True:
    density.posterior(rows, "x1")
""",
    ],
    ids=["fit", "fit with a callback", "search", "density", "certify", "posterior"],
)
def test_ctrl_c_ends_calls(what):
    code, output, errors, took = interrupted(what, 0.7)
    assert errors.strip().splitlines()[-1].startswith("KeyboardInterrupt"), errors
    assert took < 5
    assert "ended" not in output and code in (-signal.SIGINT, 130, 1)


TRAINING = """
print("begun")
UgmmClassifier(epochs=400, checkpoint=sys.argv[1], resume=True).fit(rows, classes).save(sys.argv[2])
"""


def test_an_interrupted_training_resumes_to_the_same_bits(tmp_path):
    checkpoint, model = tmp_path / "checkpoint", tmp_path / "model"
    program = [sys.executable, "-c", PROGRAM.replace("WHAT", TRAINING)]
    subprocess.run([*program, tmp_path / "other", tmp_path / "whole"], check=True, capture_output=True, timeout=300)
    _, output, errors, _ = interrupted(TRAINING, 1.0, (checkpoint, model))
    if "ended" in output:
        pytest.fail("training ended before it was interrupted")
    assert errors.strip().splitlines()[-1].startswith("KeyboardInterrupt")
    assert checkpoint.exists() and not model.exists()
    subprocess.run([*program, checkpoint, model], check=True, capture_output=True, timeout=300)
    assert model.read_bytes() == (tmp_path / "whole").read_bytes()
    assert not checkpoint.exists()


def test_a_checkpoint_is_not_overwritten_and_not_of_another_training(many, tmp_path):
    rows, classes = many

    def stop(progress):
        if progress["epoch"] == 3:
            raise RuntimeError("enough")

    options = {"epochs": 20, "checkpoint": tmp_path / "checkpoint"}
    with pytest.raises(RuntimeError, match="enough"):
        UgmmClassifier(**options).fit(rows, classes, callback=stop)
    with pytest.raises(ValueError, match="resume=True"):
        UgmmClassifier(**options).fit(rows, classes)
    with pytest.raises(ValueError, match="another run"):
        UgmmClassifier(**options, learning_rate=0.5, resume=True).fit(rows, classes)
    resumed = UgmmClassifier(**options, resume=True).fit(rows, classes)
    whole = UgmmClassifier(epochs=20).fit(rows, classes)
    assert np.array_equal(resumed.predict_proba(rows), whole.predict_proba(rows))
    (tmp_path / "checkpoint").write_bytes(b"damaged")
    with pytest.raises(ValueError, match="checkpoint: "):
        UgmmClassifier(**options, resume=True).fit(rows, classes)


@pytest.mark.parametrize(
    ("estimator", "measure"),
    [
        (UgmmClassifier(epochs=4), "loss"),
        (UgmmRegressor(epochs=4), "loss"),
        (UgmmDensity(epochs=4, members=1), "log_likelihood"),
    ],
)
def test_callbacks_get_each_epoch(estimator, measure, numbers):
    rows, classes = numbers
    seen = []
    estimator.fit(rows, classes, callback=seen.append)
    # A density trains for as long as it pays, in stages of its own.
    epochs = [progress["epoch"] for progress in seen]
    assert epochs == [1, 2, 3, 4] or measure == "log_likelihood"
    assert all(1 <= progress["epoch"] <= progress["epochs"] for progress in seen)
    assert {progress["measure"] for progress in seen} == {measure}
    assert all(isinstance(progress["training"], float) and progress["stage"] for progress in seen)


@pytest.mark.parametrize("raised", [ValueError("boom"), KeyboardInterrupt(), SystemExit(3)])
def test_exceptions_of_callbacks_end_training(raised, many):
    rows, classes = many
    calls = []

    def stop(progress):
        calls.append(progress)
        raise raised

    began = time.perf_counter()
    with pytest.raises(type(raised)) as caught:
        UgmmClassifier(epochs=10**6).fit(rows, classes, callback=stop)
    assert caught.value is raised and len(calls) == 1 and time.perf_counter() - began < SOON


def test_callbacks_may_train_and_predict(numbers):
    rows, classes = numbers
    inner = []
    UgmmClassifier(epochs=2).fit(
        rows, classes, callback=lambda progress: inner.append(UgmmClassifier(epochs=1).fit(rows, classes).predict(rows))
    )
    assert len(inner) == 2


def test_calls_leave_no_threads(numbers):
    tasks = f"/proc/{os.getpid()}/task"
    if not os.path.isdir(tasks):
        pytest.skip("threads are counted in /proc, which only Linux has")
    rows, classes = numbers
    UgmmClassifier(epochs=1).fit(rows, classes)
    before = len(os.listdir(tasks))
    for _ in range(10):
        UgmmClassifier(epochs=1, n_jobs=4).fit(rows, classes).predict(rows)
    deadline = time.monotonic() + SOON
    # Threads of a pool end a little after the pool.
    while len(os.listdir(tasks)) > before and time.monotonic() < deadline:
        time.sleep(0.01)
    assert len(os.listdir(tasks)) <= before


def test_a_time_limit_ends_training_with_a_model(many):
    rows, classes = many
    began = time.perf_counter()
    classifier = UgmmClassifier(epochs=10**6, time_limit=0.5).fit(rows, classes)
    assert time.perf_counter() - began < SOON
    assert classifier.predict_proba(rows).shape == (4000, 2)


def test_progress_bars_need_no_stage_before(numbers, capsys):
    rows, classes = numbers
    pytest.importorskip("tqdm")
    UgmmClassifier(epochs=2, verbose=True).fit(rows, classes)
    captured = capsys.readouterr()
    assert captured.out == "" and "2/2" in captured.err
