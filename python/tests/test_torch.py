"""The layer for PyTorch."""

import copy
import math
import os
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="PyTorch is not installed")

from ugmm_nn.torch import UgmmLinear, from_paper, initialize  # noqa: E402
from ugmm_nn.torch._operation import (  # noqa: E402
    _backward_in_chunks,
    _forward_in_chunks,
    log_density,
    log_density_backward,
)

PYTHON = Path(__file__).resolve().parents[1]


def arguments(rows, inputs, neurons, dtype=torch.float32, seed=0):
    generator = torch.Generator().manual_seed(seed)
    shapes = [(rows, inputs), *[(neurons, inputs)] * 3]
    x, means, log_sigmas, logits = (torch.randn(shape, generator=generator, dtype=dtype) for shape in shapes)
    return x, means, 0.3 * log_sigmas, logits


def plain(x, means, log_sigmas, logits):
    """The formula in PyTorch, whole."""
    z = (x.unsqueeze(1) - means) / log_sigmas.exp()
    log_densities = -0.5 * z * z - log_sigmas - 0.5 * math.log(2 * math.pi)
    return torch.logsumexp(logits.log_softmax(dim=1) + log_densities, dim=2)


def gradients(function, tensors, cotangent):
    tensors = [tensor.detach().clone().requires_grad_() for tensor in tensors]
    y = function(*tensors)
    return y.detach(), torch.autograd.grad(y, tensors, cotangent)


def of_layer(*tensors):
    return log_density(*tensors, False)[0]


def test_importing_the_package_does_not_import_torch():
    code = "import sys, ugmm_nn; from ugmm_nn import UgmmClassifier; assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True, env={**os.environ, "PYTHONPATH": str(PYTHON)})


@pytest.mark.parametrize("shape", [(1, 1, 1), (7, 5, 3), (64, 30, 17), (130, 200, 40)])
def test_values_and_gradients_are_those_of_the_formula(shape):
    tensors = arguments(*shape)
    tensors[0][tensors[0].abs() < 0.8] = 0.0
    cotangent = torch.randn(shape[0], shape[2])
    y, found = gradients(of_layer, tensors, cotangent)
    expected_y, expected = gradients(plain, [tensor.double() for tensor in tensors], cotangent.double())
    torch.testing.assert_close(y.double(), expected_y, rtol=1e-5, atol=5e-5)
    for gradient, right in zip(found, expected, strict=True):
        torch.testing.assert_close(gradient.double(), right, rtol=1e-3, atol=1e-4 * max(1.0, right.abs().max().item()))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.float16, torch.bfloat16])
def test_chunks_are_the_formula(dtype, monkeypatch):
    monkeypatch.setattr("ugmm_nn.torch._operation._MOST_VALUES", 300)
    tensors = [tensor.to(dtype) for tensor in arguments(70, 9, 6)]
    cotangent = torch.randn(70, 6).to(dtype)
    y = _forward_in_chunks(*tensors, False)
    found = _backward_in_chunks(*tensors, cotangent, False, True)
    expected_y, expected = gradients(plain, [tensor.double() for tensor in tensors], cotangent.double())
    tolerance = {torch.float64: 1e-12, torch.float32: 1e-5, torch.float16: 2e-3, torch.bfloat16: 2e-2}[dtype]
    for values, right in zip([y, *found], [expected_y, *expected], strict=True):
        assert values.dtype == dtype
        largest = max(1.0, right.abs().max().item())
        torch.testing.assert_close(values.double(), right, rtol=tolerance, atol=tolerance * largest)


def test_chunks_never_hold_the_whole_layer(monkeypatch):
    from ugmm_nn.torch._operation import _Chunks

    monkeypatch.setattr("ugmm_nn.torch._operation._MOST_VALUES", 300)
    chunks = _Chunks(*arguments(70, 9, 6), False)
    pairs = np.zeros((70, 6), int)
    for rows, neurons in chunks:
        exponents, _ = chunks.exponents(rows, neurons)
        assert exponents.numel() <= 300
        pairs[rows, neurons] += 1
    assert (pairs == 1).all()


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_half_precision_is_trained(dtype):
    layer = UgmmLinear(5, 3, dtype=dtype)
    y = layer(torch.randn(10, 5))
    assert y.dtype == dtype
    y.sum().backward()
    assert layer.means.grad.dtype == dtype and bool(layer.means.grad.isfinite().all())


def test_gradcheck():
    tensors = [tensor.requires_grad_() for tensor in arguments(4, 5, 3, torch.float64)]
    assert torch.autograd.gradcheck(of_layer, tensors)
    layer = UgmmLinear(5, 3, means="tied", min_sigma=0.3, missing_values=True, dtype=torch.float64)
    x = torch.randn(6, 5, dtype=torch.float64)
    x[0, 1] = x[2, :3] = math.nan
    names, values = zip(*layer.named_parameters(), strict=True)

    def forward(*values):
        return torch.func.functional_call(layer, dict(zip(names, values, strict=True)), x)

    assert torch.autograd.gradcheck(forward, values)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.float16])
def test_opcheck(dtype):
    tensors = [tensor.to(dtype).requires_grad_() for tensor in arguments(6, 5, 3)]
    torch.library.opcheck(log_density, (*tensors, False))
    plain_tensors = [tensor.detach() for tensor in tensors]
    y, sums = log_density(*plain_tensors, True)
    for want_x in (False, True):
        torch.library.opcheck(log_density_backward, (*plain_tensors, sums, torch.ones_like(y), True, want_x))


def test_compiled_models_are_the_same():
    torch.manual_seed(0)
    model = torch.nn.Sequential(UgmmLinear(6, 8, min_sigma=0.1), UgmmLinear(8, 3, means="tied"))
    compiled = torch.compile(copy.deepcopy(model), fullgraph=True, backend="aot_eager")
    x = torch.randn(20, 6)
    for each in (model, compiled):
        torch.nn.functional.cross_entropy(each(x), torch.arange(20) % 3).backward()
    torch.testing.assert_close(compiled(x), model(x))
    for one, other in zip(model.parameters(), compiled.parameters(), strict=True):
        torch.testing.assert_close(one.grad, other.grad)


def test_contiguous_tensors_are_not_copied():
    from ugmm_nn.torch._operation import _array

    x = torch.randn(5, 3, requires_grad=True)
    assert _array(x).ctypes.data == x.data_ptr()


def test_a_tensor_that_was_changed_before_the_backward_pass_is_an_error():
    x = torch.randn(5, 4)
    y = UgmmLinear(4, 3)(x)
    x += 1.0
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        y.sum().backward()


def test_any_leading_shape_and_stride():
    layer = UgmmLinear(4, 3)
    x = torch.randn(2, 4, 5).transpose(1, 2)
    torch.testing.assert_close(layer(x), layer(x.reshape(10, 4)).reshape(2, 5, 3))
    assert layer(torch.randn(4)).shape == (3,)
    assert layer(torch.randn(0, 4)).shape == (0, 3)
    with pytest.raises(ValueError, match="4 inputs"):
        layer(torch.randn(2, 5))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("x", [1e30, -1e18, 1e-30])
def test_far_inputs_have_finite_results(dtype, x):
    tensors = arguments(3, 4, 2)
    tensors[0][0] = x
    tensors[2][0] = -14.0
    for forward in (of_layer, lambda *tensors: _forward_in_chunks(*tensors, False)):
        y = forward(*[tensor.to(dtype) for tensor in tensors])
        assert bool(y.isfinite().all())
    _, found = gradients(of_layer, [tensor.to(dtype) for tensor in tensors], torch.ones(3, 2, dtype=dtype))
    in_chunks = _backward_in_chunks(*tensors, torch.ones(3, 2), False, True)
    assert all(bool(gradient.isfinite().all()) for gradient in [*found, *in_chunks])


@pytest.mark.parametrize("forward", [log_density, lambda *args: [_forward_in_chunks(*args)]])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_values_that_are_not_finite_are_seen_in_the_outputs(forward, dtype):
    x, means, log_sigmas, logits = (tensor.to(dtype) for tensor in arguments(4, 5, 3))
    x[1, 2], x[2, 0] = math.nan, math.inf
    nan = forward(x, means, log_sigmas, logits, False)[0].isnan()
    assert nan.all(dim=1).tolist() == [False, True, True, False] == nan.any(dim=1).tolist()
    assert forward(x, means, log_sigmas, logits, True)[0].isnan().any(dim=1).tolist() == [False, False, True, False]
    for tensor in (means, log_sigmas, logits):
        tensor[1, 0] = math.nan
        assert forward(x[:1], means, log_sigmas, logits, False)[0].isnan().tolist() == [[False, True, False]]
        tensor[1, 0] = 0.0


def test_a_cotangent_that_is_nan_is_seen_in_the_gradients():
    _, found = gradients(of_layer, arguments(4, 5, 3), torch.full((4, 3), math.nan))
    assert all(bool(gradient.isnan().any()) for gradient in found)


def test_missing_values_renormalise_the_others():
    torch.manual_seed(1)
    layer = UgmmLinear(4, 3, missing_values=True)
    x = torch.randn(5, 4)
    x[1, 2] = x[3] = math.nan
    y = layer(x)
    seen = [0, 1, 3]
    part = plain(x[1:2, seen], layer.means[:, seen], layer.raw_log_sigmas[:, seen], layer.mixing_logits[:, seen])
    torch.testing.assert_close(y[1:2], part, rtol=1e-5, atol=1e-5)
    assert bool(y[3].isnan().all()) and bool(y[[0, 1, 2, 4]].isfinite().all())
    torch.testing.assert_close(y[0], layer(x[:1])[0])
    # An unknown output has no gradient, and a next layer reads it as missing.
    next_layer = UgmmLinear(3, 2, missing_values=True)
    next_layer(y).nan_to_num().sum().backward()
    assert all(bool(p.grad.isfinite().all()) for p in [*layer.parameters(), *next_layer.parameters()])


def test_missing_values_on_both_paths_agree():
    x, *parameters = arguments(9, 5, 4)
    x[torch.rand_like(x) < 0.4] = math.nan
    x[0] = math.nan
    y, sums = log_density(x, *parameters, True)
    torch.testing.assert_close(_forward_in_chunks(x, *parameters, True), y, rtol=1e-5, atol=1e-5)
    cotangent = torch.randn(9, 4)
    found = log_density_backward(x, *parameters, sums, cotangent, True, True)
    in_chunks = _backward_in_chunks(x, *parameters, cotangent, True, True)
    for one, other in zip(found, in_chunks, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("renormalize", [True, False])
def test_dropout_leaves_components_out(renormalize):
    torch.manual_seed(0)
    layer = UgmmLinear(6, 40, dropout=0.5, renormalize=renormalize)
    x = torch.randn(3, 6)
    assert torch.equal(layer.eval()(x), layer(x))
    layer.train()
    torch.manual_seed(7)
    y = layer(x)
    torch.manual_seed(7)
    kept = torch.rand(40, 6) >= 0.5
    assert bool(kept.any(dim=1).all())
    kept_logits = layer.mixing_logits.masked_fill(~kept, -math.inf)
    expected = plain(x, layer.means, layer.raw_log_sigmas, kept_logits)
    if not renormalize:
        expected = expected + kept_logits.logsumexp(dim=1) - layer.mixing_logits.logsumexp(dim=1)
    torch.testing.assert_close(y, expected, rtol=1e-4, atol=1e-4)
    y.sum().backward()
    assert bool((layer.means.grad[~kept] == 0).all()) and bool((layer.means.grad[kept] != 0).any())


def test_dropout_keeps_one_component_of_each_neuron():
    layer = UgmmLinear(2, 500, dropout=0.99)
    for _ in range(20):
        assert bool(layer(torch.randn(3, 2)).isfinite().all())


@pytest.mark.parametrize("min_sigma", [1e-3, 0.5])
def test_sigmas_have_a_floor(min_sigma):
    layer = UgmmLinear(30, 20, min_sigma=min_sigma)
    expected = 0.5 * (min_sigma**2 + (2 * layer.raw_log_sigmas.double()).exp()).log()
    torch.testing.assert_close(layer.log_sigmas().double(), expected, rtol=1e-5, atol=1e-6)
    assert bool((layer.log_sigmas().exp() >= min_sigma * (1 - 1e-6)).all())
    layer(torch.randn(5, 30)).sum().backward()
    assert bool(layer.raw_log_sigmas.grad.isfinite().all())


def test_tied_means():
    layer = UgmmLinear(5, 4, means="tied")
    assert layer.means.shape == (4, 1)
    x = torch.randn(7, 5)
    expected = plain(x, layer.means.expand(4, 5), layer.raw_log_sigmas, layer.mixing_logits)
    torch.testing.assert_close(layer(x), expected, rtol=1e-5, atol=2e-5)
    layer(x).sum().backward()
    assert layer.means.grad.shape == (4, 1)


def test_initialization_of_the_paper():
    torch.manual_seed(0)
    layer = UgmmLinear(300, 200)
    sigmas = layer.raw_log_sigmas.exp()
    for values, mean, deviation in [(layer.means, 0, 1), (sigmas, 0.5, 12**-0.5), (layer.mixing_logits, 0.5, 12**-0.5)]:
        assert abs(values.mean().item() - mean) < 0.02 and abs(values.std().item() - deviation) < 0.02
    assert sigmas.min() >= 0.999e-3


@pytest.mark.parametrize("tied", [False, True])
def test_initialization_from_data(tied):
    torch.manual_seed(0)
    sample = torch.randn(400, 3) * torch.tensor([1.0, 100.0, 0.0]) + torch.tensor([0.0, 5.0, 7.0])
    layer = UgmmLinear(3, 2000, means="tied" if tied else "free", min_sigma=1e-4)
    layer.initialize(sample)
    if tied:
        assert np.isin(layer.means.detach().numpy(), sample.numpy()).all()
    else:
        assert all(np.isin(layer.means[:, k].detach().numpy(), sample[:, k].numpy()).all() for k in range(3))
    spread = layer.log_sigmas() - torch.tensor([sample[:, 0].std(), sample[:, 1].std(), 70.7]).log()
    assert bool((spread.mean(dim=0) + 1.5).abs().max() < 0.1) and bool((spread.std(dim=0) - 1).abs().max() < 0.1)
    layer.initialize(sample, "wide")
    spread = layer.log_sigmas() - torch.tensor([3 * sample[:, 0].std(), 3 * sample[:, 1].std(), 212.0]).log()
    assert bool((spread.mean(dim=0)).abs().max() < 0.1) and bool((spread.std(dim=0) - 0.1).abs().max() < 0.02)


def test_initialization_from_data_with_missing_values():
    sample = torch.tensor([[0.0, 1.0, math.nan], [math.nan, 1.0, math.nan], [2.0, math.nan, math.nan]])
    layer = UgmmLinear(3, 50, missing_values=True)
    layer.initialize(sample)
    assert {tuple(sorted(set(column))) for column in layer.means.T.tolist()} == {(0.0, 2.0), (1.0,), (0.0,)}
    with pytest.raises(ValueError, match="nan in row 0, column 2"):
        UgmmLinear(3, 2).initialize(sample)
    with pytest.raises(ValueError, match="no rows"):
        layer.initialize(sample[:0])


def test_models_are_initialised_layer_by_layer():
    torch.manual_seed(0)
    model = torch.nn.Sequential(UgmmLinear(5, 7, dropout=0.3), UgmmLinear(7, 2)).train()
    sample = 1000 * torch.randn(100, 5)
    initialize(model, sample)
    assert model.training and model[0].training
    hidden = model[0].eval()(sample)
    assert np.isin(model[1].means[:, 3].detach().numpy(), hidden[:, 3].detach().numpy()).all()


def test_threads_and_forks_give_the_same_bits():
    code = """
import os, torch
from ugmm_nn.torch import UgmmLinear
torch.manual_seed(0)
layer, x = UgmmLinear(200, 100), torch.randn(64, 200)
y = layer(x).detach()
torch.set_num_threads(1)
assert torch.equal(layer(x), y)
torch.set_num_threads(2)
assert torch.equal(layer(x), y)
child = os.fork()
if child == 0:
    os._exit(0 if torch.equal(layer(x), y) else 1)
assert os.waitpid(child, 0)[1] == 0
"""
    subprocess.run([sys.executable, "-c", code], check=True, timeout=120, env={**os.environ, "PYTHONPATH": str(PYTHON)})


def test_autocast_computes_in_float32():
    model = torch.nn.Sequential(torch.nn.Linear(4, 5), UgmmLinear(5, 3), torch.nn.Linear(3, 2))
    with torch.autocast("cpu", dtype=torch.bfloat16):
        y = model[1](model[0](torch.randn(6, 4)))
        assert y.dtype == torch.float32
        model[2](y).sum().backward()
    assert model[1].means.grad.dtype == torch.float32


def test_the_state_is_saved_and_described(tmp_path):
    layer = UgmmLinear(4, 3, means="tied", min_sigma=0.1)
    torch.save(layer.state_dict(), tmp_path / "layer.pt")
    other = UgmmLinear(4, 3, means="tied", min_sigma=0.1)
    other.load_state_dict(torch.load(tmp_path / "layer.pt", weights_only=True))
    x = torch.randn(2, 4)
    assert torch.equal(layer(x), other(x))
    assert repr(layer) == "UgmmLinear(in_features=4, out_features=3, means='tied', min_sigma=0.1)"
    assert torch.equal(copy.deepcopy(layer)(x), layer(x))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"in_features": 0}, "in_features is 0"),
        ({"dropout": 1.0}, "dropout is 1.0"),
        ({"min_sigma": -1.0}, "min_sigma is -1.0"),
        ({"means": "none"}, "means is 'none'"),
    ],
)
def test_settings_are_checked(settings, message):
    with pytest.raises(ValueError, match=message):
        UgmmLinear(**{"in_features": 2, "out_features": 2, **settings})


class PaperLayer(torch.nn.Module):
    """A layer as the paper's published code has it."""

    def __init__(self, inputs, neurons):
        super().__init__()
        self.mu = torch.nn.Parameter(torch.randn(neurons, inputs))
        self.std = torch.nn.Parameter(torch.rand(neurons, inputs).log())
        self.k = torch.nn.Parameter(torch.rand(neurons, inputs))

    def forward(self, x):
        return plain(x, self.mu, self.std, self.k)


class PaperNet(torch.nn.Module):
    """A network as the published code has it: its first layer holds the inputs and has no parameters."""

    def __init__(self, *sizes):
        super().__init__()
        self.layers = torch.nn.ModuleList([torch.nn.Identity()])
        self.layers.extend(PaperLayer(inputs, neurons) for inputs, neurons in pairwise(sizes))

    def forward(self, x):
        for layer in self.layers:
            x = layer(x)
        return x


def test_checkpoints_of_the_paper(tmp_path):
    torch.manual_seed(0)
    net = PaperNet(6, 5, 4, 3)
    torch.save(net.state_dict(), tmp_path / "model.pt")
    model = from_paper(torch.load(tmp_path / "model.pt", weights_only=True), dropout=0.2)
    assert [(layer.in_features, layer.out_features) for layer in model] == [(6, 5), (5, 4), (4, 3)]
    x = torch.randn(50, 6)
    torch.testing.assert_close(model.eval()(x), net(x), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda state: state.clear(), "there are no tensors such as layers.1.mu"),
        (lambda state: state.pop("layers.2.std"), "layers.2.std is missing"),
        (lambda state: state.update({"layers.2.k": torch.zeros(2, 2)}), r"layers.2.k has the shape \(2, 2\)"),
        (lambda state: state["layers.1.std"].fill_(-math.inf), "layers.1.std has a value that is not finite"),
        (lambda state: [state.pop(f"layers.2.{name}") for name in ("mu", "std", "k")], "layers.3 has 4 inputs"),
    ],
)
def test_checkpoints_that_are_no_network_are_refused(change, message):
    state = PaperNet(6, 5, 4, 3).state_dict()
    change(state)
    with pytest.raises(ValueError, match=message):
        from_paper(state)


def test_two_processes_train_as_one_with_the_whole_batch():
    if not torch.distributed.is_available() or not torch.distributed.is_gloo_available():
        pytest.skip("this PyTorch has no gloo")

    def losses(*command):
        environment = {**os.environ, "PYTHONPATH": str(PYTHON), "OMP_NUM_THREADS": "1"}
        command = [sys.executable, *command, str(PYTHON / "examples" / "ddp.py")]
        output = subprocess.run(
            command, check=True, capture_output=True, text=True, timeout=240, env=environment
        ).stdout
        return [float(line.rsplit(maxsplit=1)[1]) for line in output.splitlines() if line.startswith("step")]

    one = losses()
    two = losses("-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2")
    assert len(one) == len(two) == 20 and one[-1] < 0.8 * one[0]
    np.testing.assert_allclose(two, one, rtol=0, atol=1e-5)
