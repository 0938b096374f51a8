"""`validate`: where a finding stands, what stands there, and the forms in which it is told."""

import codecs
import gzip
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from commandline import SAMPLE, run

from fhir_coaching.checks import check
from fhir_coaching.commands.examining import is_within
from fhir_coaching.lens import R4, R5, Version
from fhir_coaching.report.located import element_steps, sized, steps

Json = dict[str, Any]

CANARY = "Zerbrechliche Zuversicht"
GOAL: Json = {
    "resourceType": "Goal",
    "lifecycleStatus": "active",
    "description": {"text": "Walk"},
    "subject": {"reference": "Patient/1"},
}
BAD = {**GOAL, "lifecycleStatus": CANARY, "startDate": "2026-02-30", "foo": CANARY}
RECORD = {"id": "g-1", "patient": "p-1", "statement": CANARY, "state": "active", "start": "2026-01"}
OUTPUTS = ("text", "json", "ndjson", "junit", "operationoutcome")


def findings(*arguments: str | Path, text: bytes | None = None) -> list[Json]:
    done = run("validate", *arguments, "--output", "json", text=text)
    found: list[Json] = json.loads(done.stdout)["findings"]
    return found


def spots(found: list[Json]) -> list[tuple[str, int, int]]:
    return [(one["element"] or one["place"], one["line"], one["column"]) for one in found]


def saved(path: Path, *values: object, **how: Any) -> Path:
    """A value pretty-printed, or several a line each."""
    if len(values) == 1 and path.suffix == ".json":
        path.write_text(json.dumps(values[0], indent=2, **how), encoding="utf-8")
    else:
        path.write_text("".join(json.dumps(one, **how) + "\n" for one in values), encoding="utf-8")
    return path


# Where it stands


PRETTY = json.dumps({"resourceType": "Bundle", "type": "collection", "entry": [
    {"fullUrl": "urn:uuid:8f0e1f5a-0000-4000-8000-000000000001", "resource": GOAL},
    {"fullUrl": "urn:uuid:8f0e1f5a-0000-4000-8000-000000000002", "resource": BAD},
]}, indent=2)  # fmt: skip


@pytest.mark.parametrize(
    ("name", "packed"),
    [
        ("b.json", lambda text: text.encode()),
        ("b.json", lambda text: codecs.BOM_UTF8 + text.encode()),
        ("b.json", lambda text: text.replace("\n", "\r\n").encode()),
        ("b.json", lambda text: codecs.BOM_UTF8 + text.replace("\n", "\r\n").encode()),
        ("b.json.gz", lambda text: gzip.compress(text.encode())),
        ("-", lambda text: text.encode()),
        ("-", lambda text: codecs.BOM_UTF8 + text.replace("\n", "\r\n").encode()),
    ],
    ids=["plain", "BOM", "CRLF", "BOM and CRLF", "gz", "standard input", "standard input, BOM and CRLF"],
)
def test_places_in_a_pretty_bundle(name: str, packed: Callable[[str], bytes], tmp_path: Path) -> None:
    lines = PRETTY.split("\n")
    status = next(index for index, line in enumerate(lines, 1) if CANARY in line and "lifecycleStatus" in line)
    assert lines[status - 1][27:] == f'"{CANARY}",'
    if name == "-":
        found = findings("-", text=packed(PRETTY))
    else:
        (tmp_path / name).write_bytes(packed(PRETTY))
        found = findings(tmp_path / name)
    assert spots(found) == [
        ("Bundle.entry[1].resource.lifecycleStatus", status, 28),
        ("Bundle.entry[1].resource.startDate", status + 7, 22),
        ("Bundle.entry[1].resource.foo", status + 8, 16),
    ]


def test_blank_lines_before_a_document_from_a_pipe_count(tmp_path: Path) -> None:
    text = f"\n\n{json.dumps(BAD, indent=1)}"
    assert spots(findings("-", text=text.encode()))[0] == ("Goal.lifecycleStatus", 5, 21)
    (tmp_path / "g.json").write_text(text)
    assert spots(findings(tmp_path / "g.json"))[0] == ("Goal.lifecycleStatus", 5, 21)


def test_columns_in_lines_of_ndjson_count_characters(tmp_path: Path) -> None:
    wide = {**GOAL, "description": {"text": "ä𝒳日"}, "foo": 1}
    path = tmp_path / "r.ndjson"
    lines = [json.dumps(one, ensure_ascii=False) for one in (GOAL, wide)]
    path.write_bytes(codecs.BOM_UTF8 + "\n".join([*lines, "", lines[1]]).encode())
    column = lines[1].index('"foo": ') + 8
    assert spots(findings(path)) == [("Goal.foo", 2, column), ("Goal.foo", 4, column)]


def test_what_is_missing_is_where_it_should_be(tmp_path: Path) -> None:
    without = {key: its for key, its in GOAL.items() if key != "subject"}
    (one,) = findings(saved(tmp_path / "g.json", {**without, "target": [{}]}))[1:]
    assert (one["element"], one["found"]) == ("Goal.target[0]", "an empty object")
    (one, _) = findings(saved(tmp_path / "g.json", {**without, "target": [{}]}))
    assert (one["element"], one["line"], one["column"], one["found"]) == ("Goal.subject", 1, 1, "nothing")


def test_records_have_both_places(tmp_path: Path) -> None:
    said = {**RECORD, "targets": [{"detail": {"value": 1}}], "start": "2026-02-30"}
    path = saved(tmp_path / "goals.ndjson", RECORD, said)
    line = path.read_text().splitlines()[1]
    (one,) = findings(path)
    assert (one["place"], one["line"], one["found"]) == ("goals.ndjson:2 start", 2, "a text of 10 characters")
    assert line[one["column"] - 1 :] == '"2026-02-30"' + line[line.index("2026-02-30") + 11 :]
    # Not again as gol-1 of the resource that it would be.
    (one,) = findings(saved(tmp_path / "goals.ndjson", {**said, "start": "2026"}))
    assert (one["rule"], one["place"], one["found"]) == ("goal-detail", "goals.ndjson:1 targets[0].measure", "nothing")


@pytest.mark.parametrize(
    ("place", "around", "within"),
    [("x:1 state", "x:1 state", True), ("x:1 targets[0].due", "x:1 targets[0]", True), ("x:1 targets[0]", "x:1 targets", True),
     ("x:1 state_reason", "x:1 state", False), ("x:1 targets[10]", "x:1 targets[1]", False), ("x:1 state", "x:1", False)],
)  # fmt: skip
def test_a_field_is_within_another_by_its_names_not_its_letters(place: str, around: str, *, within: bool) -> None:
    assert is_within(place, around) is within


def test_what_is_amiss_between_records_is_found_again_in_their_files(tmp_path: Path) -> None:
    one = {**RECORD, "parent": "g-2"}
    path = saved(tmp_path / "goals.ndjson", RECORD, one, {**one, "id": "g-2", "parent": "g-2"}, {**RECORD, "id": "g-3"})
    found = {(one["rule"], one["line"], path.read_text().split("\n")[one["line"] - 1][one["column"] - 1 :][:5])
             for one in findings(path)}  # fmt: skip
    assert found == {("input", 2, '"g-1"'), ("goal-loop", 3, '"g-2"')}
    piped = [(one["rule"], one["line"], one["column"]) for one in findings("-", text="".join(
        json.dumps({"kind": "goal", **json.loads(line)}) + "\n" for line in path.read_text().splitlines()
    ).encode())]  # fmt: skip
    assert piped == [("input", 2, None), ("goal-loop", 3, None)]


def test_what_the_mappings_cannot_read_of_a_choice_stands_at_the_key_that_is_there(tmp_path: Path) -> None:
    """They name `Goal.target.due`, as FHIRPath does; the JSON has `dueDuration`."""
    due = {"measure": {"text": "x"}, "dueDuration": {"value": 3, "unit": "d"}}
    path = saved(tmp_path / "b.json", {"resourceType": "Bundle", "type": "collection", "entry": [
        {"fullUrl": "urn:uuid:6f0c1b6e-53a5-4a5c-9b0f-0c5c1f3f7a11", "resource": {**GOAL, "target": [due]}},
    ]})  # fmt: skip
    (one,) = [one for one in findings(path, "--readable") if one["element"].startswith("Goal.target[0].due")]
    assert path.read_text().splitlines()[one["line"] - 1].strip() == '"dueDuration": {'


def test_a_key_twice_is_an_error_and_the_last_one_is_what_is_checked(tmp_path: Path) -> None:
    text = json.dumps(GOAL)[:-1] + ',\n "lifecycleStatus": "banana"}'
    (tmp_path / "g.json").write_text(text)
    found = findings(tmp_path / "g.json")
    assert [(one["rule"], *spot) for one, spot in zip(found, spots(found), strict=True)] == [
        ("duplicate-key", "Goal.lifecycleStatus", 2, 2),
        ("code", "Goal.lifecycleStatus", 2, 21),
    ]
    line = json.dumps({**RECORD, "state": "gone"})[:-1] + ', "state": "active", "Zuversicht ü": 1, "Zuversicht ü": 2}'
    (tmp_path / "goals.ndjson").write_text(line)
    places = [(one["rule"], one["place"]) for one in findings(tmp_path / "goals.ndjson")]
    assert ("duplicate-key", "goals.ndjson:1 state") in places
    assert ("duplicate-key", "goals.ndjson:1") in places  # of a name that could be anything, only where it stands
    assert "goals.ndjson:1 state" not in {place for rule, place in places if rule == "input"}


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("target[1].dueDate", ("target", 1, "dueDate")),
        ("_start.extension[0].url", ("_start", "extension", 0, "url")),
        ("value[x]", ("value",)),
        ("", ()),
    ],
)
def test_paths_as_steps(path: str, expected: tuple[str | int, ...]) -> None:
    assert steps(path) == expected
    assert element_steps(f"Goal.{path}" if path else "Goal") == expected
    assert element_steps("resourceType") == ("resourceType",)


def test_kinds_of_values() -> None:
    values = ["", "x", "xyz", [], [1, 2], {}, {"a": 1}, True, None, 1, 1.5]
    assert [sized(value) for value in values] == [
        "an empty text", "a text of 1 character", "a text of 3 characters", "an empty list", "a list of 2",
        "an empty object", "an object", "true or false", "null", "a whole number", "a number",
    ]  # fmt: skip


# What is told, and in which form


@pytest.mark.parametrize("output", OUTPUTS)
def test_values_are_told_only_where_they_are_asked_for(output: str, tmp_path: Path) -> None:
    doubled = json.dumps(BAD)[:-1] + f', "{CANARY}": "{CANARY}", "{CANARY}": 1}}'
    sources = [
        saved(tmp_path / "b.json", json.loads(PRETTY)),
        saved(tmp_path / "r.ndjson", {**BAD, "text": {"status": "generated", "div": f"<p>{CANARY}"}}, json.loads(doubled),
              {"resourceType": CANARY}, {**GOAL, "subject": {"reference": f"Practitioner/{CANARY}"}}, {CANARY: CANARY}),
        saved(tmp_path / "goals.ndjson", {**RECORD, "state": CANARY}, {**RECORD, "kind": CANARY}),
    ]  # fmt: skip
    (tmp_path / "doubled.json").write_text(doubled)
    (tmp_path / "broken.json").write_text(f'{{"{CANARY}": "{CANARY}", oops}}')
    for form in ([], ["--readable", "--deep"]):
        done = run("validate", tmp_path / "doubled.json", tmp_path / "broken.json", *sources, *form, "--output", output)
        assert done.exit_code == 3
        assert not set(CANARY.split()) & set(re.findall(r"\w+", done.stdout + done.stderr))
    done = run("validate", *sources, "--output", output, "--show-values")
    assert CANARY in done.stdout


def test_values_as_they_are(tmp_path: Path) -> None:
    target = [{"measure": {"text": "x"}, "detailInteger": "7", "dueDate": "2026-02-30"}, {"measure": 1}]
    path = saved(tmp_path / "g.json", {**GOAL, "lifecycleStatus": "\x1b[31m" + "x" * 300, "target": target})
    values = {one["element"]: one.get("value") for one in findings(path, "--show-values")}
    assert values["Goal.target[1].measure"] == 1
    assert values["Goal.target[0].detailInteger"] == "7"
    assert values["Goal.lifecycleStatus"] == "\x1b[31m" + "x" * 195 + "…"
    reversed_ = saved(tmp_path / "h.json", {**GOAL, "lifecycleStatus": "\u202egnissecorp"})
    assert '"\\u202egnissecorp"' in run("validate", reversed_, "--show-values").stdout
    told = run("validate", path, "--show-values").stdout
    assert "\x1b" not in told
    assert "\\u001b[31mxx" in told
    assert "found 1" in told


def test_lines_for_a_terminal_and_for_a_pipe(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    path = saved(Path("g.json"), BAD)
    done = run("validate", path, columns=80)
    head, message, hint, *_ = done.stdout.splitlines()
    assert head == f"{path}:3:22 error code Goal.lifecycleStatus"
    assert message == "  no code of the value set that is required here; found a text of 24 characters"
    assert hint.startswith("  one of accepted, active")
    assert done.stdout.splitlines()[-6:] == [
        "", "error        code     1", "error        format   1", "error        unknown  1", "", "1 checked, 3 errors, 0 warnings",
    ]  # fmt: skip
    assert max(map(len, done.stdout.splitlines())) <= 80
    first, *_ = run("validate", path).stdout.splitlines()
    assert first.startswith(f"{path}:3:22: error code: Goal.lifecycleStatus: no code of the value set")
    assert first.endswith("entered-in-error, on-hold, planned, proposed, rejected")


def test_the_first_of_each_rule_are_shown_and_all_are_counted(tmp_path: Path) -> None:
    path = saved(tmp_path / "r.ndjson", *[BAD] * 30, *[{"resourceType": "Basic", "code": {}}] * 5)
    done = run("validate", path)
    assert done.stdout.count("error code:") == done.stdout.count("error unknown:") == 20
    assert done.stdout.count("not-checked:") == 3
    assert "error        code         30  20 shown; --output ndjson has all" in done.stdout
    assert "information  not-checked   5  3 shown" in done.stdout
    assert "35 checked, 90 errors, 0 warnings; 5 resources of a type that is not checked" in done.stdout
    report = json.loads(run("validate", path, "--output", "json").stdout)
    assert (len(report["findings"]), report["checked"], report["errors"], report["information"]) == (95, 35, 90, 5)
    assert {"severity": "error", "rule": "code", "count": 30} in report["rules"]
    lines = run("validate", path, "--output", "ndjson")
    assert [json.loads(line) for line in lines.stdout.splitlines()] == report["findings"]
    assert lines.stderr == "35 checked, 90 errors, 0 warnings; 5 resources of a type that is not checked\n"


def test_warnings_fail_where_they_are_told_to(tmp_path: Path) -> None:
    path = saved(tmp_path / "g.json", {**GOAL, "description": {"text": "\x01"}})
    assert [one["severity"] for one in findings(path)] == ["warning"]
    assert run("validate", path).exit_code == 0
    assert run("validate", path, "--fail-on", "warning").exit_code == 3
    assert run("validate", saved(tmp_path / "g.json", GOAL), "--fail-on", "warning").exit_code == 0
    other = saved(tmp_path / "o.json", {"resourceType": "Basic", "code": {}})
    assert run("validate", other, "--fail-on", "warning").exit_code == 0


def test_junit_has_a_case_for_each_resource(tmp_path: Path) -> None:
    doubtful = {**GOAL, "description": {"text": "\x01"}}
    sources = [
        saved(tmp_path / "b.json", json.loads(PRETTY)),
        saved(tmp_path / "r.ndjson", GOAL, BAD, doubtful),
        tmp_path / "nowhere",
    ]
    root = ET.fromstring(run("validate", *sources, "--output", "junit").stdout)  # noqa: S314 - our own
    told = {
        suite.attrib["name"]: [(case.attrib["name"], [child.tag for child in case]) for case in suite] for suite in root
    }
    assert told == {
        str(sources[0]): [("b.json", []), ("b.json entry[0]", []), ("b.json entry[1]", ["failure"])],
        str(sources[1]): [("r.ndjson:1", []), ("r.ndjson:2", ["failure"]), ("r.ndjson:3", ["system-out"])],
        str(sources[2]): [(f"{sources[2]}: source", ["failure"])],
    }
    assert [(suite.attrib["tests"], suite.attrib["failures"]) for suite in root] == [("3", "1"), ("3", "1"), ("1", "1")]
    failure = root[1][1][0]
    assert failure.attrib == {
        "type": "code",
        "message": "no code of the value set that is required here (and 2 more)",
    }
    assert f"{sources[1]}:2:45: error code: Goal.lifecycleStatus:" in str(failure.text)
    strict = ET.fromstring(  # noqa: S314 - our own
        run("validate", sources[1], "--output", "junit", "--fail-on", "warning").stdout
    )
    assert [case.find("failure") is not None for case in strict[0]] == [False, True, True]


def test_junit_is_xml_whatever_stands_there(tmp_path: Path) -> None:
    path = saved(tmp_path / "a<b>&'\".json", {**GOAL, "lifecycleStatus": "\x00\ufffe]]>&<"})
    done = run("validate", path, "--output", "junit", "--show-values")
    (case,) = ET.fromstring(done.stdout)[0]  # noqa: S314 - our own
    assert case.attrib["name"] == "a<b>&'\".json"
    assert "]]>&<" in str(case[0].text)


@pytest.mark.parametrize("version", [R4, R5])
def test_operation_outcomes_are_right_by_our_own_check(version: Version, tmp_path: Path) -> None:
    fhir = version.name.lower()
    one = saved(tmp_path / "g.json", BAD)
    outcome = json.loads(run("validate", one, "--fhir", fhir, "--output", "operationoutcome").stdout)
    assert [(issue["severity"], issue["code"], issue["expression"]) for issue in outcome["issue"]] == [
        ("error", "code-invalid", ["Goal.lifecycleStatus"]),
        ("error", "value", ["Goal.start"]),
        ("error", "structure", ["Goal.foo"]),
    ]
    assert outcome["issue"][0]["location"] == ["Line[3] Col[22]"]
    said = {
        its["url"].partition("operationoutcome-")[2]: its["valueString"] for its in outcome["issue"][0]["extension"]
    }
    assert said == {"file": str(one), "message-id": "code"}
    several = json.loads(
        run(
            "validate", one, saved(tmp_path / "r.ndjson", GOAL, BAD), tmp_path / "nowhere", SAMPLE,
            "--fhir", fhir, "--output", "operationoutcome",
        ).stdout
    )  # fmt: skip
    assert [len(entry["resource"]["issue"]) for entry in several["entry"]][:4] == [3, 1, 3, 1]
    good = json.loads(
        run("validate", saved(tmp_path / "ok.json", GOAL), "--fhir", fhir, "--output", "operationoutcome").stdout
    )
    assert [issue["severity"] for issue in good["issue"]] == ["information"]
    for resource in (outcome, several, good):
        assert check(resource, version) == []


def test_profiles_are_asked_for_by_name(tmp_path: Path) -> None:
    patient = saved(tmp_path / "p.json", {"resourceType": "Patient", "gender": "unknown"})
    assert findings(patient) == []
    found = findings(patient, "--profile", "us-core@6.1.0")
    assert {"Patient.name", "Patient.identifier"} <= {one["element"] for one in found}
    system = saved(tmp_path / "c.json", {"resourceType": "CodeSystem", "status": "draft", "content": "complete"})
    done = run("validate", system, "--profile", "us-core@6.1.0")
    assert "information no-profile: CodeSystem: us-core 6.1.0 has no profile of this type" in done.stdout
    assert done.stdout.endswith("1 checked, 0 errors, 0 warnings\n")  # it was checked, by the base
    unknown = run("validate", patient, "--profile", "us-core@0")
    assert (unknown.exit_code, unknown.stdout) == (2, "")
    assert "us-core@6.1.0" in unknown.stderr
    package = run("validate", patient, "--ig", tmp_path / "nothing.tgz")
    assert (package.exit_code, package.stdout) == (2, "")
