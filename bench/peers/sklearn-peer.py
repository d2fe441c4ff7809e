"""scikit-learn as a peer. Not "sklearn.py": Python would take that for the library."""

import warnings

import numpy
import sklearn
from serve import serve
from sklearn.decomposition import non_negative_factorization

# A fixed number of iterations is what is asked for; that it did not converge is no news.
warnings.filterwarnings("ignore")


def solve(problem, message):
    W, H, _ = non_negative_factorization(
        problem["V"],
        problem["W0"].copy(),
        problem["H0"].copy(),
        n_components=problem["k"],
        init="custom",
        solver=message["solver"],
        beta_loss=message["loss"],
        tol=0,
        max_iter=message["iterations"],
    )
    return W, H


serve(f"scikit-learn {sklearn.__version__}, NumPy {numpy.__version__}", solve)
