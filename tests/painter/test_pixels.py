"""Pixels are the same on every CPU and Python, and nothing in the painter could make them differ."""

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

PAINTER = Path(__file__).resolve().parent.parent.parent / "musep2p" / "painter"
# What libm, BLAS, threads or the order of additions would decide; sqrt and the four operations are exact by IEEE 754.
NOT_IN_NUMPY = {
    "arccos", "arcsin", "arctan", "arctan2", "average", "cbrt", "convolve", "corrcoef", "cos", "cosh", "dot", "einsum",
    "exp", "exp2", "expm1", "fft", "float_power", "gradient", "hypot", "inner", "interp", "linalg", "log", "log10",
    "log1p", "log2", "matmul", "mean", "median", "nanmean", "outer", "percentile", "power", "quantile", "random", "sin",
    "sinh", "std", "tan", "tanh", "tensordot", "trapezoid", "var", "vdot",
}  # fmt: skip
METHODS = {"mean", "std", "var", "dot", "sort", "sum", "prod"}
FROM_MATH = {"sqrt", "floor", "ceil", "pi"}
PROBE = """
import hashlib, math, sys
import numpy as np
from numpy._core._multiarray_umath import __cpu_dispatch__, __cpu_features__
from musep2p.painter.paint import calibration
x = np.arange(200_000) * 1e-4
digest = lambda data: hashlib.sha256(data).hexdigest()[:16]
print(",".join(name for name in __cpu_dispatch__ if __cpu_features__[name]))
print(digest(np.exp(x).tobytes()))
print(digest(np.array([math.sin(v) for v in x.tolist()]).tobytes()))
print(calibration())
"""


def probe(**settings):
    """Switched-on CPU features, digests of np.exp and math.sin, and the painter's, in a child of its own."""
    run = subprocess.run(
        [sys.executable, "-c", PROBE], env={**os.environ, **settings}, capture_output=True, text=True, check=True
    )
    features, exp, sine, painted = run.stdout.splitlines()
    return {name for name in features.split(",") if name}, exp, sine, painted


def test_no_cpu_feature_changes_a_pixel():
    """With every feature that numpy can switch off, and glibc without AVX2 and FMA: other exp and sin, same pixels."""
    features, exp, sine, painted = probe()
    off = {"NPY_DISABLE_CPU_FEATURES": " ".join(features), "GLIBC_TUNABLES": "glibc.cpu.hwcaps=-AVX2,-FMA"}
    left, other_exp, other_sine, same = probe(**off)

    assert left == set()
    assert same == painted
    if features:  # a CPU with nothing beyond numpy's baseline has nothing that could be switched off
        assert other_exp != exp
        assert other_sine != sine or sys.platform != "linux"


def test_pixels_hold_from_version_to_version():
    """The calibration of this version; whoever changes it must raise the version in the engine's identity."""
    from musep2p.engines.registry import load_engine

    assert load_engine("atelier").identity == "atelier/2 e05d82c7fd341dce"


@pytest.mark.parametrize("path", sorted(PAINTER.glob("*.py")), ids=lambda p: p.name)
def test_only_exact_operations(path):
    """No transcendental function, power, BLAS, float sum, unstable sort or library randomness in any source."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.BinOp):
            assert not isinstance(node.op, ast.MatMult | ast.Pow), f"{path.name}:{node.lineno}"
        if isinstance(node, ast.Attribute):
            text = ast.unparse(node)
            owner, _, name = text.rpartition(".")
            assert not (owner == "np" and name in NOT_IN_NUMPY), f"{path.name}:{node.lineno} {text}"
            assert not (owner == "math" and name not in FROM_MATH), f"{path.name}:{node.lineno} {text}"
            exact = "astype(np.int64)" in owner or owner == "boxes"  # integers add up in any order; a list's own sort
            assert name not in METHODS or exact, f"{path.name}:{node.lineno} {text}"
        if isinstance(node, ast.Call) and ast.unparse(node.func) in ("np.argsort", "np.sort"):
            assert any(k.arg == "kind" and ast.literal_eval(k.value) == "stable" for k in node.keywords)
        if isinstance(node, ast.ImportFrom | ast.Import):
            names = [node.module or ""] if isinstance(node, ast.ImportFrom) else [alias.name for alias in node.names]
            assert not {"random", "secrets", "time", "os"} & {name.split(".")[0] for name in names}, path.name
