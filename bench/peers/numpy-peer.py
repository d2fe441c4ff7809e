"""Multiplicative updates in plain NumPy, as one would write them down from the papers."""

import numpy
from serve import serve


def frobenius(V, W, H, epsilon):
    W *= (V @ H.T) / (W @ (H @ H.T) + epsilon)
    H *= (W.T @ V) / ((W.T @ W) @ H + epsilon)


def kullback_leibler(V, W, H, epsilon):
    W *= ((V / (W @ H + epsilon)) @ H.T) / (H.sum(axis=1) + epsilon)
    H *= (W.T @ (V / (W @ H + epsilon))) / (W.sum(axis=0)[:, None] + epsilon)


updates = {"frobenius": frobenius, "kullback-leibler": kullback_leibler}


def solve(problem, message):
    V, W, H = problem["V"], problem["W0"].copy(), problem["H0"].copy()
    epsilon = V.dtype.type(problem["epsilon"])
    update = updates[message["loss"]]
    for _ in range(message["iterations"]):
        update(V, W, H, epsilon)
    return W, H


serve(f"NumPy {numpy.__version__}", solve)
