"""The loop of AT-NMF (Cai, Tan & Fevotte, Algorithm 1) in NumPy, as its authors' code has it: the attack, then
updates of W and H on the attacked data until rule (12), and so on. Held-out entries are those that are 0 in V."""

import numpy
from serve import serve


def change(now, then):
    with numpy.errstate(divide="ignore", invalid="ignore"):
        ratio = (now - then) / then
    return numpy.linalg.norm(numpy.nan_to_num(ratio, nan=0.0, posinf=numpy.inf))


def update_zero_fill(U, W, H, D, epsilon):
    W *= (U @ H.T) / (W @ (H @ H.T) + epsilon)
    H *= (W.T @ U) / ((W.T @ W) @ H + epsilon)


def update_weighted(U, W, H, D, epsilon):
    W *= (U @ H.T) / ((D * (W @ H)) @ H.T + epsilon)
    H *= (W.T @ U) / (W.T @ (D * (W @ H)) + epsilon)


def solve(problem, message):
    V, W, H = problem["V"], problem["W0"].copy(), problem["H0"].copy()
    epsilon = V.dtype.type(problem["epsilon"])
    D = (V > 0).astype(V.dtype)
    strength = V.dtype.type(1 / (message["lambda"] - 1))
    update = update_weighted if message["missing"] == "ignore" else update_zero_fill
    P = W @ H
    for _ in range(message["maxOuter"]):
        U = D * (V + numpy.maximum(strength * (V - D * P), -V))
        for _ in range(message["iterations"]):
            then = P
            update(U, W, H, D, epsilon)
            P = W @ H
            if change(P, then) < message["epsilonInner"]:
                break
    return W, H


serve(f"NumPy {numpy.__version__}", solve)
