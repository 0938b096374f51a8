"""Sound resources that mutants are made of: golden files, references by identifier; the sample practice, by address; R4 of others."""

from pathlib import Path
from typing import Any

import foreign
import goldens

from fhir_coaching.fhir.names import PracticeNames, stable_id
from fhir_coaching.fhir.references import resolve
from fhir_coaching.lens import R4, Version
from fhir_coaching.mappings import KINDS
from fhir_coaching.practice.exchange import Exchange, to_fhir
from fhir_coaching.practice.source import open_source

Json = dict[str, Any]

SAMPLE = Path(__file__).parents[2] / "examples" / "riverside"


def sources(version: Version) -> list[Json]:
    """All of them, in the same order each time."""
    written = [one for record in goldens.RECORDS for one in goldens.golden(record, version).values()]
    ours = {one["resourceType"] for one in written}
    others = [one for one in foreign.MIXED if one["resourceType"] in ours] if version is R4 else []
    return [*written, *practice(version), *others]


def practice(version: Version) -> list[Json]:
    """The sample practice as it is on a server: with ids, and references that lead somewhere."""
    exchange = Exchange(KINDS, version, PracticeNames("https://riverside.example/fhir-coaching"))
    sent = [
        (exchange.identifier(entry.kind, part, entry.record.id), resource)
        for entry, part, resource in to_fhir(exchange, open_source(str(SAMPLE)))
        if entry.record is not None
    ]
    ids = {key: f"{resource['resourceType']}/{stable_id(*key)}" for key, resource in sent}
    return [{**resolve(one, lambda *key: ids.get(key)), "id": stable_id(*key)} for key, one in sent]
