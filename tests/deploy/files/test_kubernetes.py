"""The manifests: each by the schema of its kind, and together."""

from __future__ import annotations

import re
import shutil
import subprocess
import tomllib
from typing import Any

import kubernetes_validate
import pytest
import yaml

from harness.places import DEPLOY, ROOT

FOLDER = DEPLOY / "kubernetes"
VERSION = "1.31"
# What a SpinApp and its executor may have (core.spinkube.dev/v1alpha1), as far as it is used here.
SPIN_APP = {
    "image", "executor", "replicas", "serviceAccountName", "runtimeConfig", "checks", "resources", "imagePullSecrets",
    "volumes", "volumeMounts", "variables", "podLabels", "podAnnotations", "invocationLimits",
}  # fmt: skip


def documents() -> list[dict[str, Any]]:
    paths = [path for path in FOLDER.rglob("*.yaml") if path.name not in ("kustomization.yaml", "spinapp.yaml")]
    return [document for path in sorted(paths) for document in yaml.safe_load_all(path.read_text())]


def named(kind: str, name: str) -> dict[str, Any]:
    [found] = [one for one in documents() if (one["kind"], one["metadata"]["name"]) == (kind, name)]
    return found["spec"]


OF_KUBERNETES = [one for one in documents() if not one["apiVersion"].startswith("core.spinkube.dev")]


@pytest.mark.parametrize("document", OF_KUBERNETES, ids=lambda one: f"{one['kind']}-{one['metadata']['name']}")
def test_a_manifest_fits_its_schema(document: dict[str, Any]) -> None:
    kubernetes_validate.validate(document, VERSION, strict=True)


@pytest.mark.parametrize("folder", ["base", "migrate"])
def test_a_kustomization_lists_every_file(folder: str) -> None:
    kustomization = yaml.safe_load((FOLDER / folder / "kustomization.yaml").read_text())
    there = {path.name for path in (FOLDER / folder).glob("*.yaml")} - {"kustomization.yaml"}
    assert {*kustomization["resources"], *kustomization.get("configurations", [])} == there


@pytest.mark.parametrize("folder", ["base", "migrate"])
def test_kustomize_builds_it(folder: str) -> None:
    program = shutil.which("kustomize") or shutil.which("kubectl")
    if program is None:
        pytest.skip("neither kustomize nor kubectl is installed")
    words = [program, "build"] if program.endswith("kustomize") else [program, "kustomize"]
    built = subprocess.run([*words, str(FOLDER / folder)], capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stderr
    by_kind = {one["kind"]: one for one in yaml.safe_load_all(built.stdout)}
    if folder == "base":
        # A changed setting has to make new pods: the app names them with their hash, too.
        names = {
            one["metadata"]["name"]
            for one in yaml.safe_load_all(built.stdout)
            if one["kind"] in ("ConfigMap", "Secret")
        }
        app = by_kind["SpinApp"]["spec"]
        assert app["runtimeConfig"]["loadFromSecret"] in names
        references = [one["valueFrom"].get("configMapKeyRef", {}).get("name") for one in app["variables"]]
        assert {name for name in references if name} <= names


def test_the_app_is_what_spinkube_takes() -> None:
    app, executor = named("SpinApp", "messaging"), named("SpinAppExecutor", "spintainer")
    assert app.keys() <= SPIN_APP
    assert app["executor"] == "spintainer" and executor["createDeployment"]
    # One of the two, and the shim it is not.
    assert executor["deploymentConfig"].keys() == {"spinImage"}
    for probe in app["checks"].values():
        assert probe.keys() <= {
            "httpGet", "initialDelaySeconds", "periodSeconds", "timeoutSeconds", "successThreshold", "failureThreshold",
        }  # fmt: skip


def test_the_apps_variables_are_declared_and_secrets_are_references() -> None:
    declared = tomllib.loads((ROOT / "spin.toml").read_text())["variables"]
    settings = dict(line.split("=", 1) for line in (FOLDER / "base/settings.env").read_text().splitlines())
    variables = {one["name"]: one["valueFrom"] for one in named("SpinApp", "messaging")["variables"]}
    assert variables.keys() <= declared.keys()
    for name, source in variables.items():
        if declared[name].get("secret"):
            assert source["secretKeyRef"]["name"] == "messaging-app", name
        else:
            assert source["configMapKeyRef"]["key"] in settings, name
    needed = {name for name, variable in declared.items() if variable.get("secret")}
    assert needed <= variables.keys()
    assert settings["AUTH_MODE"] == "token"


def test_the_runtime_configuration_is_that_of_the_repository() -> None:
    assert (FOLDER / "base/runtime-config.toml").read_text() == (ROOT / "runtime-config.toml").read_text()


def pods() -> list[dict[str, Any]]:
    return [one["spec"]["template"]["spec"] for one in documents() if one["kind"] in ("Deployment", "Job")]


def test_pods_are_restricted() -> None:
    assert len(pods()) == 2
    for pod in pods():
        assert pod["securityContext"]["runAsNonRoot"] and not pod["automountServiceAccountToken"]
        assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        for container in pod["containers"]:
            assert container["securityContext"] == {
                "allowPrivilegeEscalation": False,
                "readOnlyRootFilesystem": True,
                "capabilities": {"drop": ["ALL"]},
            }


def test_a_relay_has_the_time_to_stop_that_it_takes() -> None:
    drain = (ROOT / "ws-relay/src/drain.rs").read_text()
    [farewell] = re.findall(r'seconds\("DRAIN_LIMIT_SECONDS", (\d+)\)', drain)
    pod = named("Deployment", "ws-relay")["template"]["spec"]
    [delay] = [one["value"] for one in pod["containers"][0]["env"] if one["name"] == "DRAIN_DELAY_SECONDS"]
    # As long as the readiness probe needs to find out, and the endpoints to be told.
    assert int(delay) >= 2 * pod["containers"][0]["readinessProbe"]["periodSeconds"]
    assert pod["terminationGracePeriodSeconds"] >= int(delay) + int(farewell) + 5


def test_settings_of_the_relay_are_those_that_there_are() -> None:
    help_text = (ROOT / "ws-relay/src/settings.rs").read_text()
    for pod in pods():
        for one in pod["containers"][0]["env"]:
            assert re.search(rf"\b{one['name'].removesuffix('_FILE')}\b", help_text), one["name"]
            assert "value" not in one or one["value"].startswith(("/secrets/", "http://")) or one["value"].isdigit(), (
                one["name"]
            )


def test_everything_that_is_not_named_is_denied() -> None:
    assert named("NetworkPolicy", "default-deny") == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
    # Whoever else reaches a port is named by labels, never "all".
    for one in documents():
        if one["kind"] == "NetworkPolicy":
            for rule in one["spec"].get("ingress", []):
                assert rule["from"] and all("podSelector" in peer for peer in rule["from"]), one["metadata"]["name"]


def test_images_are_named_with_a_version() -> None:
    images = [pod["containers"][0]["image"] for pod in pods()]
    images += [
        named("SpinApp", "messaging")["image"],
        named("SpinAppExecutor", "spintainer")["deploymentConfig"]["spinImage"],
    ]
    for image in images:
        assert re.search(r":[0-9.]+$", image), image
