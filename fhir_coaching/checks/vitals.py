"""Observations that are vital signs by their code: FHIR holds these to a profile of its own, whether anybody asks for it or not.

https://hl7.org/fhir/R4/observation-vitalsigns.html. The specification names one code each; which others mean the same is as the
official engine has it (6.7.9, 2026-11).
"""

from typing import Any

from fhir_coaching.checks.walk import Walk
from fhir_coaching.fhir.systems import LOINC, SNOMED
from fhir_coaching.versions import Json

# By profile, the code that the specification names first.
_LOINC = {
    "vitalspanel": "85353-1",
    "resprate": "9279-1 11291-2 19840-8 33438-3 76170-0 76171-8 76172-6 76270-8",
    "heartrate": "8867-4 11328-2 40443-4 55425-3 60978-4 68999-2 69000-8 73795-7 73799-9 76476-1 76477-9 8886-4 8889-8 8890-6 "
    "8891-4 8892-2 8893-0",
    "oxygensat": "2708-6 19224-5 20564-1 2709-4 2710-2 2713-6 51733-4 59408-5 59417-6 89276-0 97549-0",
    "bodytemp": "8310-5 60834-9 60835-6 60836-4 60838-0 60955-2 61009-7 75539-7 75987-8 76010-8 76011-6 76278-1 8309-7 8328-7 "
    "8329-5 8330-3 8331-1 8332-9 8333-7 8334-5 91371-5 98657-0 98663-8",
    "bodyheight": "8302-2 3137-7 3138-5 8306-3 8308-9",
    "headcircum": "9843-4 8287-5",
    "bodyweight": "29463-7 3141-9 3142-7 75292-3 79348-9 8350-1 8351-9",
    "bmi": "39156-5 89270-3",
    "bp": "85354-9 35094-2 55284-4 76534-7 8459-0 8480-6",
}
_SNOMED = {
    "vitalspanel": "46680005",
    "resprate": "86290005 271306003 271625008",
    "heartrate": "249043002 251670001 399017001 429525003 429614003 444981005",
    "oxygensat": "431314004 442476006",
    "bodytemp": "386725007 1222808002 276885007 300076005 307047009 364246006 415882003 415929009 415945006 415974002 431598003 "
    "698831002 698832009 708499008",
    "bodyheight": "50373000 1153637007 1162392001 1162417005 1162418000 1162419008 1230278008",
    "headcircum": "363812007 1269262007 169876006 363811000",
    "bodyweight": "1162415002 1162416001 424927000 425024002 735395000 784399000",
    "bmi": "60621009",
    "bp": "163033001 163035008 251076008 271649006 271650006 386534000 386536003 399304008 407554009 407556006 716579001",
}
PROFILES = tuple(_LOINC)
_BY_CODE = {
    (system, code): name
    for system, of in ((LOINC, _LOINC), (SNOMED, _SNOMED))
    for name, codes in of.items()
    for code in codes.split()
}


def observation(node: Json, at: str, walk: Walk) -> None:
    """Take note of the profiles of an Observation, which are asked for when the whole was seen."""
    concept = node.get("code")
    codings = concept.get("coding") if concept.__class__ is dict else None
    names = {_name(one): None for one in (codings if codings.__class__ is list else ())}
    walk.vitals += [(name, node, at, walk.scope) for name in names if name]


def _name(coding: Any) -> str:
    system, code = (coding.get("system"), coding.get("code")) if coding.__class__ is dict else (None, None)
    return _BY_CODE.get((system, code), "") if system.__class__ is code.__class__ is str else ""
