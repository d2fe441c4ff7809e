"""The Python side of a peer in a process of its own: one line of JSON in, one out (child.mjs asks)."""

import json
import sys
import time

import numpy

# Names that a peer takes as it finds them: V, W0, H0 (arrays; W1, H1 where a problem has a reference), k, epsilon.
problem = {}


def load(message):
    m, n, k = message["m"], message["n"], message["k"]
    shapes = {"V": (m, n), "W": (m, k), "H": (k, n)}
    dtype = "<f4" if message["dtype"] == "f32" else "<f8"
    for name, file in message["files"].items():
        problem[name] = numpy.fromfile(file, dtype=dtype).reshape(shapes[name[0]])
    problem["k"] = message["k"]
    problem["epsilon"] = message["epsilon"]
    return {}


def objective(loss, W, H):
    V = problem["V"].astype(numpy.float64)
    P = W.astype(numpy.float64) @ H.astype(numpy.float64)
    if loss == "frobenius":
        return 0.5 * float(((V - P) ** 2).sum())
    seen = V > 0
    return float((V[seen] * numpy.log(V[seen] / P[seen])).sum() - V.sum() + P.sum())


def serve(versions, solve):
    """solve(problem, message) -> W, H: message["iterations"] iterations from W0, H0, which stay as they are."""

    def run(message):
        begin = time.perf_counter()
        W, H = solve(problem, message)
        answer = {"ms": 1000 * (time.perf_counter() - begin)}
        if message["judge"]:
            answer["objective"] = objective(message["loss"], W, H)
        return answer

    answers(versions, {"load": load, "run": run})


def answers(versions, jobs):
    """jobs: what is asked for, each a function from the message to the answer."""
    print(json.dumps({"versions": versions}), flush=True)
    for line in sys.stdin:
        message = json.loads(line)
        try:
            answer = jobs[message["job"]](message)
        except Exception as error:  # the bench shows it in the peer's place
            answer = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(answer), flush=True)
