"""The examples of the guide and of the README print what is written there."""

import doctest
import pathlib
import re

import numpy as np
import pytest

ROOT = pathlib.Path(__file__).parents[2]
OPTIONS = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS


@pytest.mark.parametrize("page", ["docs/guide/python.md", "README.md"])
def test_examples(page, tmp_path, monkeypatch):
    pytest.importorskip("palmerpenguins", reason="the table of the examples is in the package palmerpenguins")
    if not (ROOT / page).exists():
        pytest.skip("the repository is not here")
    blocks = re.findall(r"^```python\n(.*?)^```$", (ROOT / page).read_text(), flags=re.DOTALL | re.MULTILINE)
    monkeypatch.chdir(tmp_path)
    test = doctest.DocTestParser().get_doctest("\n".join(blocks), {}, page, page, 0)
    assert test.examples
    written = []
    with np.printoptions(precision=8):
        doctest.DocTestRunner(optionflags=OPTIONS).run(test, out=written.append)
    assert not written, "".join(written)
