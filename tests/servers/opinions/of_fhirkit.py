"""What fhirkit-rs thinks of resources: NDJSON in, a line each out, a list of the places of its errors.

Runs in an environment of its own (`launchers.opinions`).
"""

import json
import sys

import fhirkit

for line in sys.stdin.buffer:
    try:
        found = [issue.path for issue in fhirkit.validate(line) if issue.severity == "error"]
    except fhirkit.ParseError:
        found = [""]
    print(json.dumps(found))  # noqa: T201 - its output
