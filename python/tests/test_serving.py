"""The server of the guide, asked by real clients."""

import concurrent.futures
import json
import pathlib
import re
import socket
import subprocess
import sys
import time

import numpy as np
import pandas as pd
import pytest

from ugmm_nn import UgmmClassifier

PAGE = pathlib.Path(__file__).parents[2] / "docs" / "guide" / "src" / "serving.md"
CLIENTS = 8
# Seconds within which a server must answer, on a busy machine.
SOON = 60

httpx = pytest.importorskip("httpx", reason="the client httpx is not installed")
pytest.importorskip("fastapi", reason="FastAPI is not installed")
pytest.importorskip("uvicorn", reason="the server uvicorn is not installed")


@pytest.fixture(scope="module")
def rows(features):
    """The rows as objects of JSON."""
    frame = pd.DataFrame(features).assign(day=[str(day) for day in features["day"]])
    return frame.astype(object).where(frame.notna(), None).to_dict("records")


@pytest.fixture(scope="module")
def classifier(rows, columns):
    return UgmmClassifier(epochs=5).fit(pd.DataFrame(rows), pd.Series(columns["label"], name="label"))


@pytest.fixture(scope="module")
def server(classifier, tmp_path_factory):
    """The address of the server of the guide."""
    if not PAGE.exists():
        pytest.skip("the repository is not here")
    folder = tmp_path_factory.mktemp("server")
    program = re.search(r"^```python\n(.*?)^```$", PAGE.read_text(), flags=re.DOTALL | re.MULTILINE)
    (folder / "serve.py").write_text(program.group(1))
    classifier.save(folder / "model.safetensors")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "uvicorn", "serve:app", "--port", str(port), "--log-level", "warning"]
    with subprocess.Popen(command, cwd=folder) as process:
        deadline = time.monotonic() + SOON
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                break
            except OSError:
                assert process.poll() is None and time.monotonic() < deadline, "the server does not start"
                time.sleep(0.1)
        yield f"http://127.0.0.1:{port}/predict"
        process.terminate()


def ask(server, rows):
    return httpx.post(server, json=rows, timeout=SOON)


def test_answers_are_the_predictions_of_the_package(server, classifier, rows):
    response = ask(server, rows)
    assert response.status_code == 200
    expected = classifier.predict_frame(pd.DataFrame(rows))
    found = pd.DataFrame(response.json())
    assert list(found) == list(expected) == ["predicted label", "probability of far", "probability of near"]
    assert found["predicted label"].tolist() == expected["predicted label"].tolist()
    assert np.array_equal(found["probability of far"].astype(np.float32), expected["probability of far"])


def test_missing_values_are_null_or_left_out(server, rows):
    row = {**rows[1], "size": None}
    # In a request of its own, the column must be there.
    other = {name: value for name, value in row.items() if name != "size"}
    with_null, without = ask(server, [row, row]), ask(server, [row, other])
    assert with_null.status_code == 200 and with_null.json() == without.json()
    nothing = ask(server, [dict.fromkeys(row)])
    assert nothing.json() == [dict.fromkeys(with_null.json()[0])]


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"size": "big"}, r'^the frame, row 1, column "size": "big" is not a number; '),
        ({"size": [1]}, r"^row 1, column 'size': a value of the type list is no value of a table; "),
        ({"count": 10**400}, r"^row 1, column 'count': the number is too large or not one; correct it$"),
        ({"count": 1e400}, r'^the frame, row 1, column "count": '),
        ({"day": "yesterday"}, r'^the frame, row 1, column "day": "yesterday" is not a date'),
    ],
)
def test_bad_rows_give_422_and_one_sentence(server, rows, change, sentence):
    # Written by Python, because httpx has no infinite numbers, which the server reads from 1e400.
    text = json.dumps([{**rows[1], **change}]).replace("Infinity", "1e400")
    response = httpx.post(server, content=text, headers={"Content-Type": "application/json"}, timeout=SOON)
    assert response.status_code == 422
    assert re.search(sentence, response.json()["detail"]), response.json()["detail"]
    assert "\n" not in response.json()["detail"]


def test_other_requests_that_cannot_be_answered(server, rows):
    without = [{name: value for name, value in row.items() if name != "size"} for row in rows]
    response = ask(server, without)
    assert response.status_code == 422 and '"size", which the model needs' in response.json()["detail"]
    mixed = ask(server, [rows[1], {**rows[1], "size": "big"}])
    assert mixed.status_code == 422 and "'size' has a number in row 1 and a text in row 2" in mixed.json()["detail"]
    for wrong in ([], {}, [1], "rows"):
        assert ask(server, wrong).status_code == 422


def test_clients_at_the_same_time_get_what_they_get_alone(server, rows):
    parts = [rows[start::CLIENTS] for start in range(CLIENTS)]
    alone = [ask(server, part).json() for part in parts]
    with concurrent.futures.ThreadPoolExecutor(CLIENTS) as pool:
        together = list(pool.map(lambda part: ask(server, part).json(), parts * 10))
    assert together == alone * 10
