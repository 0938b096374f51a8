"""Start sekmet-fhir with the search parameters of Goal and CareTeam, which it lacks as shipped. Runs in sekmet's own environment.

Argument: the settings file.
"""

import sys

import sekmet.fhir.search_params as known
import uvicorn
from sekmet.config import load_settings
from sekmet.main import create_app

# https://hl7.org/fhir/R4/goal.html#search in sekmet's spelling: name, type, path, target
GOAL = """
    identifier:token:identifier
    patient:reference:subject:Patient
    subject:reference:subject
    lifecycle-status:token:lifecycleStatus
    achievement-status:token:achievementStatus
    category:token:category
    start-date:date:startDate
    target-date:date:target.dueDate
"""

# https://hl7.org/fhir/R4/careteam.html#search
CARE_TEAM = """
    identifier:token:identifier
    patient:reference:subject:Patient
    subject:reference:subject
    status:token:status
    category:token:category
    participant:reference:participant.member
"""

known._DEFS |= {"Goal": GOAL, "CareTeam": CARE_TEAM}  # noqa: SLF001 - 0.1.1 offers no other way to add a parameter
known.PARAMS.update(known._parse())  # noqa: SLF001
settings = load_settings(sys.argv[1])
uvicorn.run(create_app(settings), host=settings.host, port=settings.port, log_level="info", access_log=False)
