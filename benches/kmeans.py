"""The peer of benches/kmeans.mjs: scikit-learn's k-means on one thread, the same rows, centres and passes.

python kmeans.py <file of doubles> <columns> <clusters> <passes>
"""
import json
import sys
import time
import warnings

import numpy as np
from sklearn.cluster import KMeans

file, columns, clusters, passes = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
rows = np.fromfile(file).reshape(-1, columns)


def fit(count):
    return KMeans(clusters, init=rows[:clusters], n_init=1, max_iter=count, tol=0, algorithm="lloyd").fit(rows)


warnings.simplefilter("ignore")  # It says that the passes were not enough, which is meant.
fit(1)
started = time.process_time()
found = fit(passes)
ms = (time.process_time() - started) * 1000
print(json.dumps({"ms": ms, "passes": int(found.n_iter_), "inertia": float(found.inertia_)}))
