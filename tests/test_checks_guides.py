"""Guides: those that are shipped, packages of all sorts, hostile ones, and how profiles are chosen by name."""

import gzip
import tarfile
from pathlib import Path
from typing import Any

import pytest
from checking.made_up import COLOURS, EXTENSION, GOAL, VALUE_SET, coded
from checking.packages import ABOUT, CANONICAL, HL7, PROFILES, archive, guide, member, package, profile
from hypothesis import given
from hypothesis import strategies as st
from servers.launchers import guides as official
from us_core import tables

import fhir_coaching
from fhir_coaching.checks import check
from fhir_coaching.checks.profiles import archives
from fhir_coaching.checks.profiles.guides import VERSIONS, chosen, opened, shipped
from fhir_coaching.checks.profiles.guides import guide as known
from fhir_coaching.checks.tables import packed
from fhir_coaching.errors import INFORMATION, Finding, SettingsError
from fhir_coaching.fhir.json import dumps, loads
from fhir_coaching.lens import R4, R5

Json = dict[str, Any]

US_CORE = "http://hl7.org/fhir/us/core/StructureDefinition/"


def folder() -> Path:
    """The official packages; skips where there are none."""
    found = official()
    if found is None:
        pytest.skip("no guide packages: set ORACLE_IGS to the folder that holds hl7.fhir.us.core-*.tgz")
    return found


@pytest.mark.parametrize("version", VERSIONS)
def test_the_shipped_tables_are_those_of_the_official_package(version: str) -> None:
    made = loads(dumps(tables(folder(), version)))
    assert made == packed(f"us-core-{version}")


def test_every_official_package_is_read_or_refused() -> None:
    unread: dict[str, int] = {}
    for path in sorted(folder().glob("*.tgz")):
        if path.name.endswith("-source-subset.tgz"):  # loose XML files, packed
            assert "package.json" in refusal(path)
            continue
        its = opened(path)
        unread[path.name] = len(its.unread)
        assert its.profiles
        assert {one for one in its.unread if "which is not checked here" not in one} == set(), path.name
        for structure in its.profiles:
            profiles = chosen([structure], [its])
            for type_ in ("Goal", "Patient", "Observation"):
                check({"resourceType": type_, "meta": {"profile": [structure]}}, R4, profiles)
    print(unread)  # noqa: T201 what could not be read, and is not on types of ours


def test_the_shipped_tables_say_where_they_come_from_and_no_sentence() -> None:
    for version in VERSIONS:
        its = packed(f"us-core-{version}")
        assert (its["source"], its["licence"]) == (f"hl7.fhir.us.core#{version}", "CC0-1.0")
        assert {
            rule[1] for one in its["profiles"] for asks in one["elements"].values() for rule in asks.get("rules", ())
        } <= {
            "error",
            "warning",
        }
        assert not [one for one in its["profiles"] if {"title", "description", "text", "short", "human"} & one.keys()]


def test_a_differential_is_read_on_top_of_what_it_builds_on(tmp_path: Path) -> None:
    below = profile("below", "Goal", {"category": {"min": 1}, "note": {"max": "1"}})
    above = profile("above", "Goal", {"category": {"min": 2}}, baseDefinition=below["url"])
    profiles = chosen([above["url"]], [guide(tmp_path, below, above)])
    found = check({**GOAL, "note": [{"text": "a"}, {"text": "b"}], "category": [{"text": "a"}]}, R4, profiles)
    assert [(one.rule, one.element) for one in found] == [
        ("cardinality", "Goal.category"),
        ("cardinality", "Goal.note[1]"),
    ]


def test_a_snapshot_asks_what_its_differential_does(tmp_path: Path) -> None:
    asks: Json = {"id": "Goal.category", "path": "Goal.category", "min": 1}
    made = profile("made-up", "Goal", {}, snapshot={"element": [{"id": "Goal", "path": "Goal"}, asks]})
    (its,) = guide(tmp_path, made).profiles.values()
    assert its["elements"] == {"category": {"min": 1}}
    assert "base" not in its


def test_us_core_that_a_guide_builds_on_is_found_beside_it_or_shipped(tmp_path: Path) -> None:
    made = profile("made-up", "Patient", {"birthDate": {"min": 1}}, baseDefinition=US_CORE + "us-core-patient")
    bare = guide(tmp_path, made)
    named = guide(tmp_path, made, name="example.named", dependencies={"hl7.fhir.us.core": "6.1.0"})
    patient = {"resourceType": "Patient", "active": True}
    alone = check(patient, R4, chosen([], [bare]))
    assert [one.element for one in alone if one.hint.startswith("asked by made-up")] == ["Patient", "Patient.birthDate"]
    assert [one.rule for one in alone if one.severity == INFORMATION] == ["not-evaluated"]
    for profiles in (chosen([], [named]), chosen(["made.up", made["url"]][1:], [bare, known("us-core@6.1.0")])):
        elements = {one.element for one in check(patient, R4, profiles)}
        assert {"Patient.birthDate", "Patient.name", "Patient.gender", "Patient.identifier"} <= elements


def test_profiles_of_other_types_are_said_to_be_unread(tmp_path: Path) -> None:
    made = guide(tmp_path, profile("made-up", "Medication", {"code": {"min": 1}}))
    assert made.unread == ("a profile of Medication, which is not checked here",)
    with pytest.raises(SettingsError, match="of a type that is not checked here"):
        chosen([PROFILES + "made-up"], [made])
    said = check({"resourceType": "Medication"}, R4, chosen([], [made]))
    assert [(one.rule, one.severity) for one in said] == [("not-checked", INFORMATION), ("no-profile", INFORMATION)]


def test_codes_of_a_guide_s_own_system_are_counted_out(tmp_path: Path) -> None:
    made = profile("made-up", "Goal", {"description": {"binding": {"strength": "required", "valueSet": COLOURS}}})
    its = guide(tmp_path, made, VALUE_SET)
    assert its.codes == {COLOURS: {"https://practice.example/codes": ["blue", "red"]}}
    assert check({**GOAL, "description": coded("red")}, R4, chosen([], [its])) == []


def refusal(path: Path) -> str:
    with pytest.raises(SettingsError) as refused:
        opened(path)
    return str(refused.value)


def test_what_is_no_package_is_refused(tmp_path: Path) -> None:
    assert "no such package" in refusal(tmp_path / "nothing.tgz")
    hostile = tmp_path / "hostile.tgz"
    about = member("package/package.json", dumps(ABOUT))
    for content in (
        b"", b"made up", gzip.compress(b"made up"), gzip.compress(b"\0" * 10240), archive([about])[:-20], archive([]),
        archive([member("package/package.json", b"[]")]), archive([member("package/package.json", b"{")]),
        archive([member("package/package.json", b'{"name": 1, "version": "1"}')]),
        archive([member("../package/package.json", dumps(ABOUT))]),
    ):  # fmt: skip
        hostile.write_bytes(content)
        assert "not a guide's package" in refusal(hostile)
    assert "not a guide's package" in refusal(tmp_path)


def test_a_package_of_another_version_of_fhir_is_refused(tmp_path: Path) -> None:
    for versions in (["3.0.2"], [], "4.0.1", None):
        assert "another version of FHIR" in refusal(package(tmp_path, fhirVersions=versions))


def test_what_unpacks_to_too_much_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bomb = tmp_path / "bomb.tgz"
    bomb.write_bytes(
        archive([member("package/large.json", b" " * 200_000), member("package/package.json", dumps(ABOUT))])
    )
    assert opened(bomb).unread == ("a file that is not JSON",)
    monkeypatch.setattr(archives, "MOST", 100_000)
    with pytest.raises(SettingsError, match="it holds too much"):
        archives.package(bomb)
    monkeypatch.undo()
    monkeypatch.setattr(archives, "MOST_OF_ONE", 100_000)
    with pytest.raises(SettingsError, match="one of its files is too large"):
        archives.package(bomb)


def test_links_and_deep_texts_in_a_package_are_passed_over(tmp_path: Path) -> None:
    link = tarfile.TarInfo("package/link.json")
    link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
    deep = member("package/deep.json", b"[" * 100_000 + b"]" * 100_000)
    path = tmp_path / "odd.tgz"
    path.write_bytes(archive([(link, b""), deep, member("package/package.json", dumps(ABOUT))]))
    assert opened(path).unread == ("a member that is no plain file", "a file that is not JSON")
    assert not [one for one in tmp_path.iterdir() if one != path]


def test_value_sets_that_hold_one_another_twice_are_counted_once(tmp_path: Path) -> None:
    sets = [
        {"resourceType": "ValueSet", "url": f"{CANONICAL}/ValueSet/{n}", "compose": {"include": [{"valueSet": [
            f"{CANONICAL}/ValueSet/{n + 1}"]}] * 2}} for n in range(60)
    ]  # fmt: skip
    last = {**VALUE_SET, "url": f"{CANONICAL}/ValueSet/60"}
    asks = {"binding": {"strength": "required", "valueSet": f"{CANONICAL}/ValueSet/0"}}
    its = guide(tmp_path, profile("made-up", "Goal", {"description": asks}), *sets, last)
    assert set(its.codes) == {f"{CANONICAL}/ValueSet/0"}


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | st.sampled_from(["", "1", "*", "Goal", "Goal.note", "required", "a:b"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["code", "type", "path", "rules", "key"]), inner),
    max_leaves=8,
)  # fmt: skip
ASKS = st.dictionaries(
    st.sampled_from([
        "id", "path", "sliceName", "min", "max", "type", "binding", "slicing", "constraint", "fixedCode", "patternString",
        "contentReference",
    ]),
    JSON,
)  # fmt: skip


@given(
    asks=ASKS,
    root=st.dictionaries(st.sampled_from(["baseDefinition", "version", "name", "context", "snapshot", "id"]), JSON),
)
def test_any_definition_is_read_or_said_to_be_unread(
    asks: Json, root: Json, tmp_path_factory: pytest.TempPathFactory
) -> None:
    made = profile("made-up", "Goal", {"note": {}, "category": asks})
    its = guide(tmp_path_factory.mktemp("guide"), made | root)
    assert its.profiles or its.unread
    goal = {**GOAL, "note": [{"text": "a"}], "category": [coded("red")]}
    assert all(isinstance(one, Finding) for one in check(goal, R4, chosen([], [its])))


def test_the_shipped_guides_have_names() -> None:
    assert shipped() == tuple(f"us-core@{version}" for version in VERSIONS)
    assert [str(known(name)) for name in shipped()] == [f"us-core {version}" for version in VERSIONS]


def test_a_profile_by_its_address_is_that_of_the_version_or_the_newest() -> None:
    goal = {**GOAL, "target": [{"dueDuration": {"value": 1, "unit": "week"}}]}
    old, new = (fhir_coaching.check(goal, profiles=[US_CORE + name]) for name in ("us-core-goal|3.1.1", "us-core-goal"))
    assert sorted({one.rule for one in old} - {one.rule for one in new} - {"slice"}) == ["type"]


@pytest.mark.parametrize(
    "name", ["us-core", "us-core@1.0.0", "mine", US_CORE + "us-core-nobody", US_CORE + "us-core-goal|1.0.0"]
)
def test_an_unknown_name_is_refused_with_those_that_are_known(name: str) -> None:
    with pytest.raises(SettingsError, match=r"us-core@6\.1\.0"):
        chosen([name])


def test_profiles_to_choose_from_are_named_wherever_they_stand(tmp_path: Path) -> None:
    elsewhere = "https://elsewhere.example/another"
    one, other = (profile(name, "Patient", {"birthDate": {"min": 1}}) for name in ("made-up", "another"))
    made = guide(tmp_path, one, {**other, "url": elsewhere})
    said = check({"resourceType": "Patient", "active": True}, R4, chosen([], [made]))
    (hint,) = [one.hint for one in said if one.rule == "no-profile"]
    assert {*hint.removeprefix("name one of ").split(", ")} == {f"{PROFILES}made-up", elsewhere}


@pytest.mark.parametrize(
    ("name", "message", "hint"),
    [
        ("us-core", "which version of us-core?", "known: us-core@3.1.1, us-core@4.0.0, us-core@5.0.1, us-core@6.1.0"),
        ("us-core@6", "us-core has no version 6", "known: us-core@3.1.1, "),
        ("us-core-goal", "us-core-goal is no guide", f"a profile is named by its address: {US_CORE}us-core-goal"),
        ("made-up", "made-up is no guide", f"a profile is named by its address: {PROFILES}made-up"),
        ("us-core-nobody", "no guide is called us-core-nobody", "known: guide-made@"),
    ],
)
def test_what_is_meant_by_a_name_that_is_no_guide_s(name: str, message: str, hint: str, tmp_path: Path) -> None:
    made = guide(tmp_path, profile("made-up", "Patient", {"birthDate": {"min": 1}}), name="example.guide.made")
    with pytest.raises(SettingsError) as refused:
        chosen([name], [made])
    assert (refused.value.message, refused.value.hint[: len(hint)]) == (message, hint)


def test_a_loaded_guide_is_known_by_its_name(tmp_path: Path) -> None:
    its = guide(tmp_path, profile("made-up", "Goal", {"category": {"min": 1}}), EXTENSION)
    for name in ("made-up", "made-up@1.2.3", "example.fhir.made.up@1.2.3"):
        assert [one.element for one in check(GOAL, R4, chosen([name], [its]))] == ["Goal.category"]


def test_profiles_of_r4_are_refused_in_r5() -> None:
    with pytest.raises(SettingsError, match="different versions"):
        fhir_coaching.check(GOAL, "r5", profiles=["us-core@6.1.0"])
    with pytest.raises(SettingsError, match="of FHIR R4, the resource of R5"):
        check(GOAL, R5, chosen(["us-core@6.1.0"]))


def test_a_guide_of_r5_is_asked_in_r5(tmp_path: Path) -> None:
    made = guide(tmp_path, profile("made-up", "Goal", {"category": {"min": 1}}), fhirVersions=["5.0.0"])
    assert [one.element for one in check(GOAL, R5, chosen([], [made]))] == ["Goal.category"]
    with pytest.raises(SettingsError, match="different versions"):
        chosen(["us-core@6.1.0"], [made])


def test_the_library_takes_names_and_packages(tmp_path: Path) -> None:
    path = package(tmp_path, profile("made-up", "Goal", {"category": {"min": 1}}, baseDefinition=HL7 + "Goal"))
    assert [one.element for one in fhir_coaching.check(GOAL, guides=[path])] == ["Goal.category"]
    assert fhir_coaching.check(GOAL, profiles=["us-core@8.0.0"]) == []
    assert opened(path) is opened(path)
