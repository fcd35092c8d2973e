"""A run's details as the v1 SDK shapes them: its definition, inputs, warnings and error."""

import re
from typing import Any, Dict, List

from trainyard import _distributed
from trainyard._environment import Environment
from trainyard._settings import DEFAULT_SHM_SIZE

NO_IMAGE = "EnvironmentFailed"  # the error's type when the run's image could not be built
OF_RANK = re.compile(r"rank \d+: ")  # of several processes, the one that failed
STORE = "workspaceblobstore"
# What the v1 SDK's error has besides, and nobody knows here: readers find the keys.
OF_ERRORS: Dict[str, Any] = {
    "severity": None,
    "messageFormat": None,
    "messageParameters": {},
    "referenceCode": None,
    "target": None,
    "innerError": None,
}
AROUND_ERRORS = ("correlation", "environment", "location", "componentName")
# Parts of a definition that are of other services: what the v1 SDK has there unless it is said.
NOT_HERE: Dict[str, Any] = {
    "spark": {"configuration": {}},
    "parallelTask": None,
    "amlCompute": {
        "name": None,
        "vmSize": None,
        "retainCluster": False,
        "clusterMaxNodeCount": None,
    },
    "aiSuperComputer": None,
    "hdi": {"yarnDeployMode": "Cluster"},
    "containerInstance": {"region": None, "cpuCores": 2.0, "memoryGb": 3.5},
    "exposedPorts": None,
    "cmk8sCompute": None,
    "commandReturnCodeConfig": {"returnCode": "Zero", "successfulReturnCodes": []},
}


def error_of(facts: Dict[str, Any]) -> Dict[str, Any]:
    """Return a failed run's error as the v1 SDK shapes it, with what the studio knows beside."""
    error = dict(facts["error"])
    message = error.get("message") or "the run failed"
    if error.get("type") == NO_IMAGE and error.get("guilty"):
        message += "; at fault: " + error["guilty"]
    if error.get("traceback"):
        # The known words stay together: people search logs for them.
        rank = OF_RANK.match(message)
        said = message[rank.end() :] if rank else message
        message = "{}User program failed with {}".format(rank.group() if rank else "", said)
    return {"error": {"code": "UserError", "message": message, "details": error}}


def whole_error(words: Dict[str, Any], facts: Dict[str, Any], page: str) -> Dict[str, Any]:
    """Return what error_of gave with all keys of the v1 SDK; page: where people look further."""
    traceback = facts["error"].get("traceback")
    info = {"type": facts["error"].get("type"), "message": words["error"]["message"]}
    debug = dict(info, stackTrace=traceback, innerException=None, data=None, errorResponse=None)
    inner = dict(OF_ERRORS, **words["error"])
    inner.update(detailsUri=page, debugInfo=debug if traceback else None)
    around: Dict[str, Any] = dict.fromkeys(AROUND_ERRORS)
    return dict(around, error=inner, time=facts["ended_at"])


def warnings_of(facts: Dict[str, Any]) -> List[Dict[str, str]]:
    """Return what went otherwise than asked though the run goes on, as {"source", "message"}."""
    left_out = (facts.get("definition") or {}).get("left_out") or ()
    found = [{"source": "environment", "message": line} for line in left_out]
    last = (facts.get("events") or [{}])[-1]
    is_script = not facts.get("interactive") and "steps" not in facts  # of a pipeline
    if is_script and facts["state"] == last.get("state") == "Completed" and last.get("text"):
        found.append({"source": "driver", "message": last["text"]})
    return found


def definition_of(facts: Dict[str, Any]) -> Dict[str, Any]:
    """Return what the run was asked to be, with the v1 SDK's keys."""
    definition = facts.get("definition") or {}
    words: Dict[str, Any] = {
        "script": facts["script"],
        "command": "",
        "useAbsolutePath": False,
        "arguments": list(facts["arguments"]),
        "sourceDirectoryDataStore": None,
        "target": facts["cluster"],
        "dataReferences": {},
        "data": {told["name"]: _data(told) for told in facts.get("inputs") or ()},
        "outputData": {told["name"]: _output_data(told) for told in _outputs(facts)},
        "jobName": None,
        "maxRunDurationSeconds": facts["max_run_duration_seconds"],
        "priority": None,
        "credentialPassthrough": False,
        "history": {
            "outputCollection": True,
            "directoriesToWatch": ["logs"],
            "enableMLflowTracking": False,
            "snapshotProject": True,
        },
        "environment": dict(environment_of(facts).as_json(), definition=definition),
        "environmentVariables": dict(definition.get("variables") or {}),
        "docker": {
            "useDocker": bool(facts.get("backend") == "docker"),
            "sharedVolumes": True,
            "shmSize": DEFAULT_SHM_SIZE,
            "arguments": [],
        },
    }
    words.update(NOT_HERE)
    return dict(words, **_distributed.definition(facts))


def _data(told: Dict[str, Any]) -> Dict[str, Any]:
    """Return an input as a run's definition has it, below its name."""
    return {
        "dataLocation": {"dataset": {"id": told["dataset"] or told["tree"]}, "dataPath": None},
        "mechanism": str(told["mode"]).capitalize(),
        "pathOnCompute": told["path"] or None,
        "environmentVariableName": told["name"],
        "overwrite": False,
    }


def input_of(told: Dict[str, Any]) -> Dict[str, Any]:
    """Return an input of a run as the v1 SDK says it."""
    return {
        "dataset": {"id": told["dataset"] or told["tree"]},
        "consumptionDetails": {
            "type": "RunInput",
            "inputName": told["name"],
            "mechanism": str(told["mode"]).capitalize(),
            "pathOnCompute": told["path"] or None,
        },
    }


def _outputs(facts: Dict[str, Any]) -> List[Dict[str, Any]]:
    return list(facts.get("output_datasets") or ())


def _output_data(told: Dict[str, Any]) -> Dict[str, Any]:
    """Return an output as a run's definition has it, below its name."""
    made = told["register"]
    registering = made and {key: made[key] for key in ("name", "description", "tags")}
    is_upload = told["mode"] == "upload"
    upload = {
        "overwrite": told["overwrite"],
        "sourceGlobs": {"globPatterns": told["globs"] or None},
    }
    return {
        "outputLocation": {
            "dataset": None,
            "dataPath": {"datastoreName": STORE, "relativePath": told["destination"]},
        },
        "mechanism": str(told["mode"]).capitalize(),
        "additionalOptions": {
            "pathOnCompute": told["path"] or None,
            "registrationOptions": registering,
            "uploadOptions": upload if is_upload else None,
            "mountOptions": None if is_upload else {"disableMetadataCache": False},
        },
        "environmentVariableName": told["name"],
    }


def outputs_of(facts: Dict[str, Any]) -> List[Dict[str, Any]]:
    """Return the output datasets that a run has written, as the v1 SDK says them."""
    found = []
    for told in _outputs(facts):
        named = told["dataset"] or told["tree"]
        if named:
            place = {"datastoreName": STORE, "relativePath": told["destination"]}
            found.append(
                {
                    "identifier": {"savedId": named},
                    "outputType": "RunOutput",
                    "outputDetails": {"outputName": told["name"]},
                    "dataset": {"id": named, "dataPath": place},
                }
            )
    return found


def environment_of(facts: Dict[str, Any]) -> Environment:
    """Return the environment that the run was given, as it was written then."""
    named = facts["environment"]
    words = {"name": named["name"], "version": named["version"]}
    return Environment._of(dict(words, definition=facts.get("definition") or {"pip": ""}))
