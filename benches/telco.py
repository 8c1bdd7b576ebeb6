"""Peers on Telco with the folds of tests/data/telco_folds.txt: area under the ROC curve and log-loss.

Run: python benches/telco.py (needs scikit-learn, and lightgbm if it is there). With `--folds` it
writes the folds: stratified, shuffled by seed 42.
"""

import csv
import pathlib
import sys

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss, roc_auc_score
from sklearn.model_selection import StratifiedKFold
from sklearn.preprocessing import StandardScaler

DATA = pathlib.Path(__file__).parent.parent / "tests" / "data"
NUMBERS = ["tenure", "monthly_charges", "total_charges"]

rows = list(csv.DictReader((DATA / "telco_churn.csv").open()))
labels = np.array([row["churn"] == "Yes" for row in rows], dtype=int)

if "--folds" in sys.argv:
    folds = np.zeros(len(rows), dtype=int)
    splits = StratifiedKFold(5, shuffle=True, random_state=42).split(labels, labels)
    for fold, (_, held) in enumerate(splits):
        folds[held] = fold
    text = "\n".join("".join(f"{fold} " for fold in folds[at : at + 50]).rstrip() for at in range(0, len(folds), 50))
    (DATA / "telco_folds.txt").write_text(text + "\n")

folds = np.array((DATA / "telco_folds.txt").read_text().split(), dtype=int)
columns = []
for name in rows[0]:
    if name == "churn":
        continue
    values = [row[name] for row in rows]
    if name in NUMBERS:
        columns.append([float(value) if value not in ("", "NA") else 0.0 for value in values])
    else:
        columns += [[float(value == level) for value in values] for level in sorted(set(values))]
table = np.array(columns).T


def logistic():
    return LogisticRegression(C=1.0, max_iter=2000)


models = {"LogisticRegression(C=1), scaled, one-hot": logistic}
try:
    from lightgbm import LGBMClassifier

    models["LGBMClassifier()"] = lambda: LGBMClassifier(verbose=-1, n_jobs=1)
    models["LGBMClassifier(learning_rate=0.05, n_estimators=200, num_leaves=8)"] = (
        lambda: LGBMClassifier(learning_rate=0.05, n_estimators=200, num_leaves=8, verbose=-1, n_jobs=1)
    )
except ImportError:
    pass

for name, make in models.items():
    scores = np.zeros(len(rows))
    for fold in range(5):
        held = folds == fold
        scaler = StandardScaler().fit(table[~held])
        model = make().fit(scaler.transform(table[~held]), labels[~held])
        scores[held] = model.predict_proba(scaler.transform(table[held]))[:, 1]
    each = [roc_auc_score(labels[folds == fold], scores[folds == fold]) for fold in range(5)]
    print(f"{name}: area {roc_auc_score(labels, scores):.4f} (mean of folds {np.mean(each):.4f}), "
          f"log-loss {log_loss(labels, scores):.4f}")
