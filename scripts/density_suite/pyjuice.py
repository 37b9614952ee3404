"""What PyJuice says when it is to learn a density here."""

import subprocess
import sys

ATTEMPT = """
import torch, pyjuice
from pyjuice.nodes.distributions import Gaussian
rows = torch.randn(256, 4)
circuit = pyjuice.structures.HCLT(rows, num_latents=8, input_dist=Gaussian(mu=0.0, sigma=1.0))
model = pyjuice.TensorCircuit(circuit).to("cpu")
print("mean log-likelihood", float(model(rows).mean()))
"""


def says() -> str:
    """Its answer to a hidden Chow-Liu tree of Gaussians on the processor: a log-likelihood, or the error it ends with."""
    result = subprocess.run([sys.executable, "-c", ATTEMPT], text=True, capture_output=True)
    lines = (result.stdout if result.returncode == 0 else result.stderr).strip().splitlines()
    return lines[-1] if lines else f"nothing (exit status {result.returncode})"
