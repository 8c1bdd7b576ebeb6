"""tea-tasting over a Polars frame, for benches/experiment.mjs: reads its columns, then answers each line with
the milliseconds of one analysis (by the clock, and of CPU time) and the effects with their errors.

    python benches/experiment_tea.py FOLDER METRICS
"""

import json
import pathlib
import sys
import time

import numpy as np
import polars as pl
import tea_tasting as tt

folder, metrics = pathlib.Path(sys.argv[1]), int(sys.argv[2])
columns = {"variant": np.fromfile(folder / "arms", dtype=np.uint32).astype(np.int64)}
for at in range(metrics):
    for name in (f"y{at}", f"x{at}"):
        columns[name] = np.fromfile(folder / name, dtype=np.float64)
frame = pl.DataFrame(columns)
experiment = tt.Experiment({f"y{at}": tt.Mean(f"y{at}", covariate=f"x{at}") for at in range(metrics)})


def analyse():
    clock, cpu = time.perf_counter(), time.process_time()
    found = experiment.analyze(frame, control=0, all_variants=True)
    return 1000 * (time.perf_counter() - clock), 1000 * (time.process_time() - cpu), found


print(json.dumps({"versions": [tt.__version__, pl.__version__, pl.thread_pool_size()]}), flush=True)
for _ in sys.stdin:
    clock, cpu, found = analyse()
    effects = [[found[0, arm][f"y{at}"].effect_size for arm in (1, 2)] for at in range(metrics)]
    print(json.dumps({"clock": clock, "cpu": cpu, "effects": effects}), flush=True)
