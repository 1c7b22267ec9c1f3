#!/usr/bin/python3
"""Checks what no linter of Debian's knows: that the files of deploy/ agree with each other and with the repository."""
import re
import shlex
import sys
from pathlib import Path

import yaml

DEPLOY = Path(__file__).parent
ROOT = DEPLOY.parent
INSTRUCTIONS = "ARG CMD COPY ENTRYPOINT ENV EXPOSE FROM HEALTHCHECK LABEL RUN STOPSIGNAL USER VOLUME WORKDIR".split()


def containerfile():
    """Instructions exist, what is copied exists and is not ignored, and stages are named before they are used."""
    text = (DEPLOY / "Containerfile").read_text()
    sent = [line[1:] for line in (ROOT / ".dockerignore").read_text().split() if line.startswith("!")]
    stages = set()
    for line in re.sub(r"\\\n", " ", text).splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        instruction, *words = shlex.split(line)
        if instruction not in INSTRUCTIONS:
            yield f"Containerfile: {instruction} is no instruction"
        if instruction == "FROM":
            if not re.fullmatch(r"[\w./-]+:[\w.-]+", words[0]):
                yield f"Containerfile: {words[0]} has no tag"
            stages.update(words[2:])
        if instruction == "COPY":
            stage = [word.removeprefix("--from=") for word in words if word.startswith("--from=")]
            if stage and stage[0] not in stages:
                yield f"Containerfile: no stage is named {stage[0]}"
            for source in words[:-1] if not stage else []:
                if source not in sent or not (ROOT / source).exists():
                    yield f"Containerfile: {source} is not there, or .dockerignore holds it back"


def compose():
    """Every mounted file exists, every volume is declared, and every service that is waited for is there."""
    for path in sorted(DEPLOY.glob("compose*.yaml")):
        yield from compose_file(path.name, yaml.safe_load(path.read_text()))


def compose_file(path, file):
    for name, service in file["services"].items():
        for source in (volume.split(":")[0] for volume in service.get("volumes", [])):
            if not ((DEPLOY / source).exists() if source.startswith(".") else source in file["volumes"]):
                yield f"{path}: {name} mounts {source}, which is not there"
        for other in service.get("depends_on", {}):
            if other not in file["services"]:
                yield f"{path}: {name} waits for {other}, which is not there"
        if "build" in service and not (DEPLOY / service["build"]["context"] / service["build"]["dockerfile"]).exists():
            yield f"{path}: {name} is built from a file that is not there"


def kubernetes():
    """Mounts, probes, selectors and the user agree."""
    for path in sorted((DEPLOY / "kubernetes").glob("*.yaml")):
        yield from kubernetes_file(f"kubernetes/{path.name}", list(yaml.safe_load_all(path.read_text())))


def kubernetes_file(path, documents):
    settings, service, workload = (next(d for d in documents if d["kind"] in kinds) for kinds in KINDS)
    pod = workload["spec"]["template"]
    container = pod["spec"]["containers"][0]
    volumes = {volume["name"] for volume in pod["spec"]["volumes"]}
    volumes |= {claim["metadata"]["name"] for claim in workload["spec"].get("volumeClaimTemplates", [])}
    mounts = {mount["name"]: mount for mount in container["volumeMounts"]}
    if volumes != set(mounts):
        yield f"{path}: volumes {sorted(volumes)} are not the mounts {sorted(mounts)}"
    if mounts["settings"]["subPath"] not in settings["data"]:
        yield f"{path}: the settings that are mounted are not in the ConfigMap"
    ports = {port["name"] for port in container["ports"]}
    used = {container[probe]["httpGet"]["port"] for probe in ("startupProbe", "livenessProbe", "readinessProbe")}
    if not used | {port["targetPort"] for port in service["spec"]["ports"]} <= ports:
        yield f"{path}: a probe or the service names a port that the container lacks"
    selectors = [service["spec"]["selector"], workload["spec"]["selector"]["matchLabels"], pod["metadata"]["labels"]]
    if any(selector != selectors[0] for selector in selectors):
        yield f"{path}: selectors and labels differ"
    if f"USER {pod['spec']['securityContext']['runAsUser']}\n" not in (DEPLOY / "Containerfile").read_text():
        yield f"{path}: runs as another user than the Containerfile"


KINDS = (["ConfigMap"], ["Service"], ["StatefulSet", "Deployment"])

if __name__ == "__main__":
    problems = [problem for check in (containerfile, compose, kubernetes) for problem in check()]
    print("\n".join(f"deploy/{problem}" for problem in problems) or "deploy: all files agree")
    sys.exit(bool(problems))
