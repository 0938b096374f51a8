"""What google-fhir-r4 thinks of resources: NDJSON in, a line each out, a list with one place, unknown, where it refuses.

It stops at the first fault and names no place. Runs in an environment of its own (`launchers.opinions`).
"""

import importlib
import json
import re
import sys

from google.fhir.r4 import json_format


def message(type_: str) -> type:
    """The class of a type of resource. Raises whatever is raised where there is none."""
    module = re.sub(r"(?<!^)(?=[A-Z])", "_", type_).lower()
    return getattr(importlib.import_module(f"google.fhir.r4.proto.core.resources.{module}_pb2"), type_)


for line in sys.stdin:
    try:
        json_format.json_fhir_string_to_proto(line, message(json.loads(line)["resourceType"]), validate=True)
        found = []
    except Exception:  # noqa: BLE001 - its errors are of many classes
        found = [""]
    print(json.dumps(found))  # noqa: T201 - its output
