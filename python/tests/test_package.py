"""The package as a whole."""

import subprocess
import sys

import pytest

import ugmm_nn


def run(program):
    return subprocess.run([sys.executable, "-W", "error", "-c", program], capture_output=True, text=True, timeout=120)


def test_importing_is_fast():
    # By what is loaded, because times depend on the machine.
    found = run(
        "import sys, ugmm_nn; print([n for n in ('sklearn', 'torch', 'pandas', 'scipy', 'numpy') if n in sys.modules])"
    )
    assert found.stdout.strip() == "[]" and not found.stderr


def test_estimators_do_not_need_torch():
    found = run("import sys, ugmm_nn; ugmm_nn.UgmmClassifier(); print('torch' in sys.modules)")
    assert found.stdout.strip() == "False" and not found.stderr


def test_nothing_is_printed(numbers, capfd):
    rows, classes = numbers
    classifier = ugmm_nn.UgmmClassifier(epochs=3, folds=2, search={"a": {}, "b": {"epochs": 2}}).fit(rows, classes)
    classifier.predict_proba(rows)
    classifier.certify(rows, 0.1)
    ugmm_nn.UgmmDensity(epochs=2).fit(rows).sample(3)
    captured = capfd.readouterr()
    assert (captured.out, captured.err) == ("", "")


def test_names():
    assert set(ugmm_nn.__all__) == set(dir(ugmm_nn))
    for name in ugmm_nn.__all__:
        assert getattr(ugmm_nn, name) is not None
    with pytest.raises(AttributeError, match="nonsense"):
        _ = ugmm_nn.nonsense
    assert ugmm_nn.__version__.count(".") == 2


@pytest.mark.parametrize("name", [name for name in ugmm_nn.__all__ if name.startswith("Ugmm")])
def test_public_methods_have_documentation(name):
    for attribute in dir(getattr(ugmm_nn, name)):
        method = getattr(getattr(ugmm_nn, name), attribute)
        if not attribute.startswith("_") and callable(method) and str(method.__module__).startswith("ugmm_nn"):
            assert "Returns" in method.__doc__ or attribute in ("save", "to_onnx", "report")
