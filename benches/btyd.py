"""The peer of benches/btyd.mjs: the BG/NBD fit of lifetimes on the same customers, in weeks, row by row as
its documentation does it, and on equal rows told once with their number (finding them is not counted).

python btyd.py <file of doubles: repeats, last, age, money, column after column>
"""
import json
import sys
import time

import numpy as np
from lifetimes import BetaGeoFitter

repeats, last, age, _ = np.fromfile(sys.argv[1]).reshape(4, -1)
distinct, weights = np.unique(np.stack([repeats, last, age], axis=1), axis=0, return_counts=True)


def timed(rows, weights=None):
    x, recency, seen = np.ascontiguousarray(rows[0]), rows[1] / 7, rows[2] / 7
    started = time.process_time()
    fitter = BetaGeoFitter().fit(x, recency, seen, weights=weights)
    return (time.process_time() - started) * 1000, fitter


# Once on few, so that what is loaded on first use is.
timed((repeats[:1000], last[:1000], age[:1000]))
ms, fitter = timed((repeats, last, age))
compressed, _ = timed(distinct.T, weights.astype(float))
parameters = [float(fitter.params_[name]) for name in ("r", "alpha", "a", "b")]
print(json.dumps({"fit": ms, "compressed": compressed, "distinct": len(distinct), "parameters": parameters}))
