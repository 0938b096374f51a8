"""Speed, memory and requests, each against its bound: ratios of two things measured side by side in one run.

`python benchmarks/bench.py [NAME…]`; names: mapping, checks, validate, help, memory, practice, push. Ends with 1 if a bound is missed.
"""

import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from math import ceil
from pathlib import Path
from time import perf_counter, process_time
from typing import Any

from measuring import REPOSITORY, SAMPLE, Call, Measure, best, peak_of, spent_and_peak
from validating import validate

BASE = "https://practice.example"


def mapping() -> Iterator[Measure]:
    """The sample practice's main kinds, R4: against fhir.resources, and against msgspec alone."""
    for kind in ("goal", "session", "engagement", "claim"):
        yield from mapping_of(kind)


def mapping_of(kind: str) -> Iterator[Measure]:
    """One kind. In seconds of this process, so that others on the machine count for little."""
    from fhir_coaching.fhir.gate import model  # noqa: PLC0415 - a measure imports only what it measures
    from fhir_coaching.fhir.json import dumps  # noqa: PLC0415
    from fhir_coaching.fhir.names import PracticeNames  # noqa: PLC0415
    from fhir_coaching.lens import R4, Json  # noqa: PLC0415
    from fhir_coaching.mappings import KINDS  # noqa: PLC0415
    from fhir_coaching.practice.nearby import Nearby  # noqa: PLC0415
    from fhir_coaching.practice.source import read  # noqa: PLC0415
    from fhir_coaching.records import kind_of  # noqa: PLC0415
    from fhir_coaching.records.values import Record  # noqa: PLC0415

    lens, everything = KINDS[kind].lens(R4, PracticeNames(BASE)), list(read(SAMPLE))
    near = Nearby(everything)
    records = [one for one in everything if kind_of(one) == kind and KINDS[kind].travels(one)]

    def new(record: Record) -> dict[str, Json]:
        return lens.put(record, beside=lens.beside(record, near))

    made = [new(record) for record in records]
    parts = [{name: one.get(name) for name in lens.lenses} for one in made]
    resources = [resource for one in made for resource in one.values()]
    models = [model(resource["resourceType"], R4) for resource in resources]
    assert [lens.get(one, record) for one, record in zip(parts, records, strict=True)] == records
    get, put, again, text, encode, validate, dump = best([
        lambda: [lens.get(one) for one in parts],
        lambda: [new(record) for record in records],
        lambda: [lens.put(record, one, record) for one, record in zip(parts, records, strict=True)],
        lambda: [dumps(one) for record in records for one in new(record).values()],
        lambda: [dumps(one) for one in resources],
        lambda: [its.model_validate(one) for its, one in zip(models, resources, strict=True)],
        lambda: [its(**one).model_dump_json() for its, one in zip(models, resources, strict=True)],
    ], 25, process_time)  # fmt: skip
    each = 1e6 / len(records)
    yield Measure(f"{kind}: get", get * each, "us")
    yield Measure(f"{kind}: put, new", put * each, "us")
    yield Measure(f"{kind}: put on what is there, unchanged", again * each, "us")
    yield Measure(f"{kind}: get + put / R4B model_validate", (get + put) / validate, "x", 0.5)
    yield Measure(f"{kind}: R4B constructor + model_dump_json / record to bytes", dump / text, "x", 10, least=True)
    yield Measure(f"{kind}: record to bytes / msgspec's encoding alone", text / encode, "x")


def checks() -> Iterator[Measure]:
    """What the sample practice is in R4, checked: against fhir.resources, which knows no codes, calendar or constraints.

    Without narratives: nothing looks into those there.
    """
    from fhir_coaching.fhir.names import PracticeNames  # noqa: PLC0415 - a measure imports only what it measures
    from fhir_coaching.lens import R4, Json  # noqa: PLC0415
    from fhir_coaching.mappings import KINDS  # noqa: PLC0415
    from fhir_coaching.practice.exchange import Exchange, to_fhir  # noqa: PLC0415
    from fhir_coaching.practice.source import open_source  # noqa: PLC0415

    found: dict[str, list[Json]] = {}
    for *_, made in to_fhir(Exchange(KINDS, R4, PracticeNames(BASE)), open_source(str(SAMPLE))):
        found.setdefault(made["resourceType"], []).append({key: its for key, its in made.items() if key != "text"})
    for type_ in ("Goal", "Encounter", "CarePlan", "Claim"):
        yield from checks_of(type_, found[type_])


def checks_of(type_: str, resources: list[dict[str, Any]]) -> Iterator[Measure]:
    """One type of resource. In seconds of this process, so that others on the machine count for little."""
    from fhir_coaching.checks import check  # noqa: PLC0415
    from fhir_coaching.errors import ERROR  # noqa: PLC0415
    from fhir_coaching.fhir.gate import model  # noqa: PLC0415
    from fhir_coaching.fhir.json import dumps  # noqa: PLC0415
    from fhir_coaching.lens import R4  # noqa: PLC0415

    its = model(type_, R4)
    assert not [one for resource in resources for one in check(resource, R4) if one.severity == ERROR]
    ours, encode, validate = best([
        lambda: [check(one, R4) for one in resources],
        lambda: [dumps(one) for one in resources],
        lambda: [its.model_validate(one) for one in resources],
    ], 25, process_time)  # fmt: skip
    yield Measure(f"{type_}: check", ours / len(resources) * 1e6, "us")
    yield Measure(f"{type_}: R4B model_validate / check", validate / ours, "x", 5, least=True)
    yield Measure(f"{type_}: check / msgspec's encoding alone", ours / encode, "x")


def start_up() -> Iterator[Measure]:
    """`--help` against importing click."""

    def python(*words: str) -> Call:
        return lambda: subprocess.run([sys.executable, *words], check=True, capture_output=True, cwd=REPOSITORY)

    ours, click = best([python("-m", "fhir_coaching", "--help"), python("-c", "import click")], 12, perf_counter)
    yield Measure("fhir-coaching --help", ours * 1e3, "ms")
    yield Measure('--help / python -c "import click"', ours / click, "x", 1.6)


GOAL = (
    '{"kind":"goal","id":"g-%d","patient":"p-%d","statement":"Walk to the lake %d times","state":"active",'
    '"start":"2026-03-01","focus":["physical_activity"],"horizon":"long_term","targets":[{"key":"t1",'
    '"measure":{"text":"steps"},"detail":{"value":8000.%02d,"code":"{steps}/d"},"due":"2026-06-30"}]}\n'
)


def memory() -> Iterator[Measure]:
    """The peak of converting many goals, and of ten times as many."""
    for count in (10_000, 100_000):
        with tempfile.TemporaryDirectory(prefix="fhir-coaching-bench-") as folder:
            source, made = Path(folder) / "goals.ndjson", Path(folder) / "made.ndjson"
            with source.open("w", encoding="utf-8") as file:
                file.writelines(GOAL % (number, number // 10, number, number % 100) for number in range(count))
            convert = ["convert", str(source), "--to", "fhir", "--identifier-base", BASE, "-o", str(made), "--quiet"]
            start = perf_counter()
            peak = peak_of([sys.executable, "-m", "fhir_coaching", *convert])
            seconds = perf_counter() - start
            with made.open("rb") as file:
                assert sum(1 for _ in file) == count
        yield Measure(f"{count:,} goals converted: time for each", seconds / count * 1e6, "us")
        yield Measure(f"{count:,} goals converted: peak of memory", peak, "MB", 200)


# A patient's share in a practice: 25 records, made up, in the files that they belong to. {n} is the patient's number.
PATIENT: dict[str, tuple[int, str]] = {
    "patients": (
        1,
        '{{"id":"p{n}","names":[{{"family":"Test","given":["Patient {n}"]}}],"sex":"female","birth_date":"1968-04-22"}}',
    ),
    "coverages": (
        1,
        '{{"id":"v{n}","patient":"p{n}","payer":{{"kind":"organization","id":"o1"}},"member_id":"W-{n}","relationship":"self"}}',
    ),
    "conditions": (1, '{{"id":"d{n}","patient":"p{n}","concept":{{"text":"made up"}},"clinical_status":"active"}}'),
    "goals": (
        5,
        (
            '{{"id":"g{n}-{i}","patient":"p{n}","statement":"Walk to the lake {i} times","state":"active","start":"2026-03-01","targets":['
            '{{"key":"t1","measure":{{"text":"steps"}},"detail":{{"value":8000.10,"code":"{{{{steps}}}}/d"}},"due":"2026-06-30"}}]}}'
        ),
    ),
    "action_steps": (
        5,
        '{{"id":"a{n}-{i}","patient":"p{n}","text":"Step {i}","state":"active","goals":["g{n}-{i}"],"timing":{{"due":"2026-04-01"}}}}',
    ),
    "engagements": (
        1,
        (
            '{{"id":"e{n}","patient":"p{n}","title":"Plan","status":"active","period":{{"start":"2026-01-05"}},"addresses":["d{n}"],'
            '"goals":["g{n}-0","g{n}-1","g{n}-2","g{n}-3","g{n}-4"],"steps":["a{n}-0","a{n}-1","a{n}-2","a{n}-3","a{n}-4"]}}'
        ),
    ),
    "sessions": (
        8,
        (
            '{{"id":"s{n}-{i}","patient":"p{n}","status":"finished","engagement":"e{n}","practitioner":"c1","modality":"video","cpt":"0592T",'
            '"contact":{{"intervals":[{{"start":"2026-03-0{d}T10:00:00-05:00","end":"2026-03-0{d}T10:45:00-05:00"}}]}},"goals":["g{n}-0"]}}'
        ),
    ),
    "claims": (
        3,
        (
            '{{"id":"b{n}-{i}","patient":"p{n}","use":"claim","purpose":"original","created":"2026-03-09","coverage":"v{n}",'
            '"provider":{{"kind":"organization","id":"o1"}},"lines":[{{"sequence":1,"code":"0592T","session":"s{n}-{i}",'
            '"service_date":"2026-03-0{d}","net":{{"value":67.30,"currency":"USD"}}}}],"total":{{"value":67.30,"currency":"USD"}}}}'
        ),
    ),
}
SHARED = {
    "organizations": '{"id":"o1","name":"Test"}',
    "practitioners": '{"id":"c1","names":[{"text":"Test"}]}',
}


def practice() -> Iterator[Measure]:
    """A whole practice, folder to NDJSON: what a record costs among 5,000 and among 50,000, start-up apart."""
    found: dict[int, tuple[float, float]] = {}
    for count in (25, 5_000, 50_000):
        with tempfile.TemporaryDirectory(prefix="fhir-coaching-bench-") as name:
            folder, made = Path(name), Path(name) / "made.ndjson"
            (folder / "practice.toml").write_text(f'identifier_base = "{BASE}"\n', encoding="utf-8")
            for kind, line in SHARED.items():
                (folder / f"{kind}.ndjson").write_text(line + "\n", encoding="utf-8")
            for kind, (many, line) in PATIENT.items():
                with (folder / f"{kind}.ndjson").open("w", encoding="utf-8") as file:
                    file.writelines(
                        line.format(n=n, i=i, d=i + 1) + "\n" for n in range(count // 25) for i in range(many)
                    )
            convert = ["convert", name, "--to", "fhir", "-o", str(made), "--quiet"]
            found[count] = min(spent_and_peak([sys.executable, "-m", "fhir_coaching", *convert]) for _ in range(2))
    (start, _), *_ = found.values()
    each = {count: (seconds - start) / (count - 25) * 1e6 for count, (seconds, _) in found.items() if count > 25}
    for count, spent in each.items():
        yield Measure(f"practice of {count:,} records: time for each", spent, "us")
        yield Measure(f"practice of {count:,} records: peak of memory", found[count][1], "MB", 200)
    yield Measure("a record among 50,000 / among 5,000: time", each[50_000] / each[5_000], "x", 1.15)
    yield Measure("practice of 50,000 / of 5,000: peak of memory", found[50_000][1] / found[5_000][1], "x", 1.5)


def push() -> Iterator[Measure]:
    """Requests of pushing the sample practice into an empty sandbox, against what its groups of records need."""
    from fhir_coaching.sandbox import Sandbox  # noqa: PLC0415 - a measure imports only what it measures

    looks, writes = push_needs()
    with tempfile.TemporaryDirectory(prefix="fhir-coaching-bench-") as folder, Sandbox() as sandbox:
        practice = shutil.copytree(SAMPLE, Path(folder) / "practice")
        words = ["push", str(practice), "--server", sandbox.url, "--create-people"]
        command = [sys.executable, "-m", "fhir_coaching", *words]
        start = perf_counter()
        subprocess.run(command, check=True, capture_output=True, cwd=REPOSITORY)
        seconds, first = perf_counter() - start, len(sandbox.requests)
        sandbox.requests.clear()
        subprocess.run(command, check=True, capture_output=True, cwd=REPOSITORY)
        second = len(sandbox.requests)
    yield Measure("first push: requests", first, "", 1 + looks + writes)
    yield Measure("second push: requests", second, "", 1 + looks)
    yield Measure("first push: time", seconds, "s")


def push_needs() -> tuple[int, int]:
    """How often a push has to look, and to write: people and places are one group, each patient is one.

    A group is looked up in batches and written in transactions, both of at most MOST entries (`sync/push.py`). Each part that
    a record may have is looked for at the id that it would get, as an earlier run may have made it, and those of one type in
    one search by their identifiers, AT_ONCE of them. The capability statement is one request more.
    """
    from fhir_coaching.fhir.names import PracticeNames  # noqa: PLC0415 - a measure imports only what it measures
    from fhir_coaching.lens import R4  # noqa: PLC0415
    from fhir_coaching.mappings import KINDS  # noqa: PLC0415
    from fhir_coaching.practice.exchange import Exchange, patient_of, to_fhir  # noqa: PLC0415
    from fhir_coaching.practice.source import open_source  # noqa: PLC0415
    from fhir_coaching.sync.lookup import AT_ONCE, MOST, SHARED  # noqa: PLC0415

    exchange, source = Exchange(KINDS, R4, PracticeNames(BASE)), open_source(str(SAMPLE))
    writes, parts = Counter[str](), dict[str, Counter[str]]()
    for entry, *_ in to_fhir(exchange, source):
        writes["" if entry.record is None or entry.kind in SHARED else patient_of(entry.record)] += 1
    for entry in source:
        if entry.record is not None and exchange.travels(entry.kind, entry.record):
            group = parts.setdefault("" if entry.kind in SHARED else patient_of(entry.record), Counter())
            group.update(lens.table.type for lens in exchange.lenses[entry.kind].lenses.values())
    looks = [sum(count + ceil(count / AT_ONCE) for count in group.values()) for group in parts.values()]
    return sum(ceil(one / MOST) for one in looks), sum(ceil(one / MOST) for one in writes.values())


MEASURES: dict[str, Callable[[], Iterator[Measure]]] = {
    "mapping": mapping,
    "checks": checks,
    "validate": validate,
    "help": start_up,
    "memory": memory,
    "practice": practice,
    "push": push,
}


def main(names: list[str]) -> int:
    """Print a line for each measure as it comes."""
    missed = 0
    for name in names or MEASURES:
        for measure in MEASURES[name]():
            print(measure, flush=True)
            missed += not measure.ok
    print(f"{missed} missed" if missed else "all bounds kept")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
