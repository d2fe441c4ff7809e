"""scikit-learn as a peer: one line of JSON in, one out (sklearn.mjs asks)."""

import json
import sys
import time
import warnings

import numpy
import sklearn
from sklearn.decomposition import non_negative_factorization

# A fixed number of iterations is what is asked for; that it did not converge is no news.
warnings.filterwarnings("ignore")

problem = {}


def load(message):
    shapes = {"V": (message["m"], message["n"]), "W0": (message["m"], message["k"]), "H0": (message["k"], message["n"])}
    dtype = "<f4" if message["dtype"] == "f32" else "<f8"
    for name, shape in shapes.items():
        problem[name] = numpy.fromfile(message["files"][name], dtype=dtype).reshape(shape)
    problem["k"] = message["k"]
    return {}


def objective(loss, W, H):
    V = problem["V"].astype(numpy.float64)
    P = W.astype(numpy.float64) @ H.astype(numpy.float64)
    if loss == "frobenius":
        return 0.5 * float(((V - P) ** 2).sum())
    seen = V > 0
    return float((V[seen] * numpy.log(V[seen] / P[seen])).sum() - V.sum() + P.sum())


def run(message):
    W, H = problem["W0"].copy(), problem["H0"].copy()
    begin = time.perf_counter()
    W, H, iterations = non_negative_factorization(
        problem["V"],
        W,
        H,
        n_components=problem["k"],
        init="custom",
        solver=message["solver"],
        beta_loss=message["loss"],
        tol=0,
        max_iter=message["iterations"],
    )
    ms = 1000 * (time.perf_counter() - begin)
    answer = {"ms": ms, "iterations": int(iterations), "dtype": str(W.dtype)}
    if message["judge"]:
        answer["objective"] = objective(message["loss"], W, H)
    return answer


jobs = {"load": load, "run": run}

print(json.dumps({"versions": f"scikit-learn {sklearn.__version__}, NumPy {numpy.__version__}"}), flush=True)
for line in sys.stdin:
    message = json.loads(line)
    try:
        answer = jobs[message["job"]](message)
    except Exception as error:  # the bench shows it in the peer's place
        answer = {"error": f"{type(error).__name__}: {error}"}
    print(json.dumps(answer), flush=True)
