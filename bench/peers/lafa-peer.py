"""Gradients of the feature error in PyTorch, as the paper has them (Vu et al., arXiv 2408.03909, section 4): automatic
differentiation through T multiplicative updates, or through one of them at the factors after T, y = f(X, y):

    dFE/dX = (dFE/dy (I - J)^-1) df/dX,    (I - J)^-1 = I + J + J^2 + ... (80 terms),    J = df/dy

"taylor" sums the inverse as a matrix; "taylor-vector" applies each term to dFE/dy, which is the same gradient for less."""

import itertools
import os
import resource
import sys
import time

import torch
from serve import answers, load, problem

TERMS = 80

# Without it there are as many as PyTorch chooses.
if "OMP_NUM_THREADS" in os.environ:
    torch.set_num_threads(int(os.environ["OMP_NUM_THREADS"]))


def update(X, W, H):
    e = problem["epsilon"]
    H = H * (W.T @ (X / (W @ H + e))) / (W.sum(0)[:, None] + e)
    W = W * ((X / (W @ H + e)) @ H.T) / (H.sum(1) + e)
    return W, H


def features(W, H):
    w, h = W.norm(dim=0), H.norm(dim=1)
    return torch.cat([W * (h / w).sqrt(), H.T * (w / h).sqrt()])


def feature_error(W, H, reference):
    C = features(W, H)
    with torch.no_grad():
        cost = ((C[:, :, None] - reference[:, None, :]) ** 2).sum(0).tolist()
    matching = min(
        itertools.permutations(range(len(cost))),
        key=lambda order: sum(cost[a][b] for a, b in enumerate(order)),
    )
    return (C - reference[:, list(matching)]).norm() / reference.norm()


def backprop(X, W, H, reference, iterations):
    X.requires_grad_()
    for _ in range(iterations):
        W, H = update(X, W, H)
    feature_error(W, H, reference).backward()
    return X.grad


def implicit(X, W, H, reference, iterations, as_matrix):
    with torch.no_grad():
        for _ in range(iterations):
            W, H = update(X, W, H)
    (m, k), n = W.shape, H.shape[1]

    def parts(y):
        return y[: m * k].view(m, k), y[m * k :].view(k, n)

    def step(X, y):
        W, H = update(X, *parts(y))
        return torch.cat([W.flatten(), H.flatten()])

    y = torch.cat([W.flatten(), H.flatten()]).requires_grad_()
    feature_error(*parts(y), reference).backward()
    by_data, J = torch.autograd.functional.jacobian(step, (X, y.detach()))
    if as_matrix:
        inverse = torch.eye(len(y), dtype=X.dtype)
        for _ in range(TERMS - 1):
            inverse = J @ inverse
            inverse.diagonal().add_(1)
        row = y.grad @ inverse
    else:
        row = y.grad
        for _ in range(TERMS - 1):
            row = row @ J + y.grad
    return (row @ by_data.view(len(y), -1)).view(m, n)


def peak():
    """Most bytes this process has held at once. What getrusage says may be that of the process that started it."""
    try:
        with open("/proc/self/status") as status:
            return next(1024 * int(line.split()[1]) for line in status if line.startswith("VmHWM"))
    except OSError:
        most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return most if sys.platform == "darwin" else 1024 * most


def run(message):
    X, W, H, W1, H1 = (torch.from_numpy(problem[name].copy()) for name in ["V", "W0", "H0", "W1", "H1"])
    reference = features(W1, H1)
    before = peak()
    begin = time.perf_counter()
    cpu = time.process_time()
    if message["mode"] == "backprop":
        gradient = backprop(X, W, H, reference, message["iterations"])
    else:
        gradient = implicit(X, W, H, reference, message["iterations"], message["mode"] == "taylor")
    cpu = 1000 * (time.process_time() - cpu)
    answer = {"ms": 1000 * (time.perf_counter() - begin), "cpu": cpu, "growth": peak() - before}
    if message["judge"]:
        answer["gradient"] = gradient.flatten().tolist()
    return answer


threads = torch.get_num_threads()
answers(f"PyTorch {torch.__version__}, {threads} thread{'s' if threads > 1 else ''}", {"load": load, "run": run})
