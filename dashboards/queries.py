#!/usr/bin/python3
"""Every PromQL query of the dashboard and of the rules, its variables filled in.

  queries.py                  prints them, one a line: where it stands, a tab, the query
  queries.py --check          parses them with promtool, and looks for panels that collide
  queries.py --against URL    asks a Prometheus each of them: all must return data, and every metric have a panel

A rule that does not fire returns nothing, so of a rule every selector is taken instead: an alert on a series that does
not exist would never fire.
"""
import argparse
import json
import re
import subprocess
import sys
import tempfile
import urllib.parse
import urllib.request
from pathlib import Path

import yaml

HERE = Path(__file__).parent
# `.+`, not Grafana's `.*`: a label that is missing must not match.
VARIABLES = {"monitor": ".+", "window": ".+", "slice": ".+", "metric": "ks", "__rate_interval": "5m", "__range": "5m"}


def filled(query):
    return re.sub(r"\$(\w+)", lambda name: VARIABLES[name[1]], query)


def queries():
    dashboard = json.loads((HERE / "leeway.json").read_text())
    for variable in dashboard["templating"]["list"]:
        if variable["type"] == "query":
            selector = re.fullmatch(r"label_values\((.*), (\w+)\)", variable["definition"])
            yield f"variable {variable['name']}", filled(f"count by ({selector[2]}) ({selector[1]})")
    for panel in dashboard["panels"]:
        for target in panel.get("targets", []):
            yield f"panel {panel['title']}", filled(target["expr"])
    for group in yaml.safe_load((HERE / "alerts.yml").read_text())["groups"]:
        for rule in group["rules"]:
            for selector in re.findall(r"\b(?:up|leeway_\w+)\b(?:\{[^}]*\})?", rule["expr"]):
                yield f"alert {rule['alert']}", selector


def check(found):
    groups = [
        {"name": f"{where}, query {number}", "rules": [{"record": "query", "expr": query}]}
        for number, (where, query) in enumerate(found, 1)
    ]
    with tempfile.NamedTemporaryFile("w", suffix=".yml") as file:
        json.dump({"groups": groups}, file)
        file.flush()
        command = ["promtool", "check", "rules", "--lint=none", file.name]
        promtool = subprocess.run(command, capture_output=True, text=True)
    if promtool.returncode:
        yield promtool.stderr.strip()
    taken, ids = {}, set()
    for panel in json.loads((HERE / "leeway.json").read_text())["panels"]:
        if panel["id"] in ids:
            yield f"panel {panel['title']}: its id {panel['id']} is taken"
        ids.add(panel["id"])
        at = panel["gridPos"]
        if at["x"] + at["w"] > 24:
            yield f"panel {panel['title']} is wider than the page"
        for cell in ((x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])):
            if taken.setdefault(cell, panel["title"]) != panel["title"]:
                yield f"panel {panel['title']} lies over {taken[cell]}"
                break


def ask(prometheus, found):
    def answer(path, **parameters):
        url = f"{prometheus.rstrip('/')}/api/v1/{path}?{urllib.parse.urlencode(parameters)}"
        with urllib.request.urlopen(url, timeout=10) as response:
            return json.load(response)["data"]

    for where, query in found:
        if not answer("query", query=query)["result"]:
            yield f"{where}: no data for {query}"
    shown = set(re.findall(r"\bleeway_\w+", " ".join(query for where, query in found if where.startswith("panel"))))
    for name in answer("label/__name__/values"):
        if name.startswith("leeway_") and not shown & {name, re.sub("_(sum|count)$", "_bucket", name)}:
            yield f"{name} has no panel"


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--check", action="store_true", help="parse them with promtool")
    arguments.add_argument("--against", metavar="URL", help="a Prometheus that scrapes Leeway")
    chosen = arguments.parse_args()
    found = list(dict.fromkeys(queries()))
    if not chosen.check and not chosen.against:
        for where, query in found:
            print(f"{where}\t{query}")
    problems = list(check(found)) if chosen.check else []
    problems += list(ask(chosen.against, found)) if chosen.against else []
    for problem in problems:
        print(problem, file=sys.stderr)
    if not problems and (chosen.check or chosen.against):
        print(f"queries: {len(found)} of {len(found)} are good")
    return bool(problems)


if __name__ == "__main__":
    sys.exit(main())
