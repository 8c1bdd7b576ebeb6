"""The peer of benches/boost.mjs: LightGBM on one thread, the same rows, as many bins, trees and decisions.

python boost.py <file of doubles, column after column, labels last> <columns> <trees> <depth>
"""
import json
import sys
import time

import lightgbm
import numpy as np

file, columns, trees, depth = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
cells = np.fromfile(file).reshape(columns + 1, -1)
table, labels = np.ascontiguousarray(cells[:-1].T), cells[-1]
asked = {
    "objective": "binary", "learning_rate": 0.05, "num_leaves": 2**depth, "max_depth": depth, "max_bin": 63,
    "lambda_l2": 1.0, "min_sum_hessian_in_leaf": 3.0, "min_data_in_leaf": 1, "num_threads": 1, "verbose": -1,
    "deterministic": True,
}


def binned():
    return lightgbm.Dataset(table, label=labels, params=asked).construct()


def timed(work):
    started = time.process_time()
    found = work()
    return (time.process_time() - started) * 1000, found


lightgbm.train(asked, binned(), num_boost_round=2)
bin_ms, rows = timed(binned)
# Twice: it may add to the histograms column by column or row by row. The faster one counts.
asked_by = [{**asked, way: True} for way in ("force_col_wise", "force_row_wise")]
ran = [timed(lambda: lightgbm.train(way, lightgbm.Dataset(table, label=labels, params=way).construct(),
                                    num_boost_round=trees)) for way in asked_by]
_, model = ran[0]
grow_ms = min(ms for ms, _ in ran) - bin_ms
p = model.predict(table)
loss = -np.mean(np.where(labels > 0.5, np.log(p), np.log1p(-p)))
print(json.dumps({"bin": bin_ms, "grow": grow_ms, "loss": float(loss)}))
