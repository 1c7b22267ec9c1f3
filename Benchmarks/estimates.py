#!/usr/bin/env python3
"""Prints how far performance that was estimated without labels is from what came true, window by window, on car_loan.

  estimates.py LEEWAY         the command to run, as .build/release/leeway; `make estimates` does

Beside it stands NannyML's confidence-based estimate of the same windows (Tests/Golden/estimates.py).
"""
import json
import pathlib
import subprocess
import sys
import tempfile

FIXTURES = pathlib.Path(__file__).resolve().parent.parent / "Tests/AcceptanceTests/Fixtures"
METRICS = ("auc", "accuracy")


def replay(leeway):
    """The performance lines of the 30-day windows by end."""
    with tempfile.TemporaryDirectory() as folder:
        for name in ("monitor.yaml", "train.csv.gz", "predictions.jsonl.gz", "labels.jsonl.gz"):
            (pathlib.Path(folder) / name).symlink_to(FIXTURES / "car_loan" / name)
        for command in (
            ["baseline", "fit", "monitor.yaml", "--from", "train.csv.gz"],
            ["replay", "monitor.yaml", "--predictions", "predictions.jsonl.gz", "--labels", "labels.jsonl.gz", "--out",
             "results.jsonl"],
        ):
            subprocess.run([leeway, *command], cwd=folder, check=True, stderr=subprocess.DEVNULL)
        with open(pathlib.Path(folder) / "results.jsonl") as results:
            lines = [line for line in map(json.loads, results)
                     if (line["type"], line.get("window"), line.get("slice")) == ("performance", "30d", "all")]
    return {line["end"]: line for line in lines}


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    lines = replay(pathlib.Path(sys.argv[1]).resolve())
    theirs = json.loads((FIXTURES / "car_loan_estimates/nannyml.json").read_text())
    print(f"{'':35}{'AUC':^35}{'accuracy':^35}")
    print(f"{'window to':12}{'predictions':>13}{'labelled':>10}"
          + f"{'realised':>11}{'error':>12}{'NannyML':>12}" * 2)
    worst, mean = {}, {}
    for other in theirs:
        line = lines[other["end"]]
        row = f"{line['end'][:10]:12}{line['predictions']:13}{line['labelled']:10}"
        for metric in METRICS:
            came = line["metrics"][metric]
            errors = {"Leeway": line["estimated"]["metrics"][metric] - came, "NannyML": other[metric] - came}
            row += f"{came:11.4f}{errors['Leeway']:+12.4f}{errors['NannyML']:+12.4f}"
            for who, error in errors.items():
                mean.setdefault((metric, who), []).append(abs(error))
                if line["predictions"] > 2000:
                    worst[metric, who] = max(worst.get((metric, who), 0), abs(error))
        print(row)
    print()
    for metric in METRICS:
        print(f"{metric}: " + "; ".join(
            f"{who} is off by {sum(mean[metric, who]) / len(theirs):.5f} on average, by {worst[metric, who]:.5f} at most"
            for who in ("Leeway", "NannyML")) + " (at most: of windows of more than 2,000 predictions)")


if __name__ == "__main__":
    main()
