"""`practice.toml`: written, read, and refused with all that is wrong."""

from pathlib import Path

import pytest

from fhir_coaching.errors import SettingsError
from fhir_coaching.practice.settings import Settings, Target, queries, read_settings, write_settings
from fhir_coaching.practice.source import open_source

TOML = 'name = "Riverside"\nidentifier_base = "https://riverside.example/ids"\ntime_zone = "America/New_York"\n'
EHR = '[target."https://ehr.example/fhir"]\n'


def write(folder: Path, text: str | bytes) -> None:
    """A practice folder with nothing but settings."""
    (folder / "practice.toml").write_bytes(text.encode() if isinstance(text, str) else text)


def test_settings_come_back_as_they_were_written(tmp_path: Path) -> None:
    (tmp_path / "practice.toml").write_text(TOML + '[fees]\n"0591T" = 150.00\n0592T = 80\n')
    settings = read_settings(tmp_path)
    assert settings is not None
    assert {code: str(amount) for code, amount in settings.fees.items()} == {"0591T": "150.00", "0592T": "80"}
    target = {
        "https://ehr.example/fhir": Target(adopt=('Goal?description="Ü"', "CarePlan"), write_adopted=("Goal",)),
        "http://localhost:8080/fhir": Target(),
    }
    strange = Settings(name='"Ü" \\ \x7f\n👍', identifier_base="urn:uuid:x", fees=settings.fees, target=target)
    for one in (settings, strange):
        write_settings(tmp_path / "new", one)
        assert read_settings(tmp_path / "new") == one


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (TOML.replace("time_zone", "timezone"), "unknown key; did you mean `time_zone`?"),
        ('name = "x"', "identifier_base: is required"),
        ('identifier_base = "https://x.example/"', "identifier_base: expected an absolute URI"),
        ('identifier_base = "riverside"', "identifier_base: expected an absolute URI"),
        (TOML.replace("America/New_York", "America"), "time_zone: expected a name"),
        (TOML.replace("America/New_York", "Atlantis"), "time_zone: expected a name"),
        (TOML + "billing_organization = 7", "billing_organization: expected a text"),
        (TOML + 'billing_organization = "a b"', "billing_organization: expected the id"),
        (TOML + 'fees = "x"', "fees: expected a table"),
        (TOML + '[fees]\n0591T = "150"', "fees: expected an amount"),
        (TOML + "[fees]\n0591T = nan", "fees: expected an amount"),
        (TOML + "[fees]\nfirst = 1", "fees: expected a CPT code"),
        (TOML + 'target = "x"', "target: expected a table for each server"),
        (TOML + '[target]\nadopt = ["Goal"]', "target: expected a table for each server"),
        (TOML + '[target."ehr.example"]', "target: expected the server's base address"),
        (TOML + EHR + 'adapt = ["Goal"]', "target: unknown key; did you mean `adopt`?"),
        (TOML + EHR + 'adopt = "Goal"', "target: adopt: expected a list of searches"),
        (TOML + EHR + 'adopt = ["Goals"]', "types: CarePlan, Goal, ServiceRequest, Condition"),
        (TOML + EHR + 'adopt = ["Goal?"]', "target: adopt: expected"),
        (TOML + EHR + 'adopt = ["Goal?status"]', "target: adopt: expected"),
        (TOML + EHR + 'adopt = ["Goal?=x"]', "target: adopt: expected"),
        (TOML + EHR + 'adopt = ["Goal?patient=Patient/1"]', "without `patient` or `subject`"),
        (TOML + EHR + 'adopt = ["Goal?subject:Patient=1"]', "without `patient` or `subject`"),
        (TOML + EHR + "adopt = [7]", "target: adopt: expected"),
        (
            TOML + EHR + 'write_adopted = ["Encounter"]',
            "target: write_adopted: expected a list of resource types; known: CarePlan",
        ),
        (TOML + EHR + 'write_adopted = "Goal"', "target: write_adopted: expected a list"),
        ("name = ", "is not TOML"),
        (b'name = "\xff"', "is not UTF-8"),
    ],
)
def test_settings_of_no_use_are_refused(tmp_path: Path, text: str | bytes, said: str) -> None:
    write(tmp_path, text)
    with pytest.raises(SettingsError) as caught:
        open_source(str(tmp_path))
    assert said in str(caught.value)


def test_what_is_agreed_with_a_server(tmp_path: Path) -> None:
    write(
        tmp_path,
        TOML + EHR.replace('fhir"', 'fhir/"') + 'adopt = ["CarePlan?category=urn:x|a b&status=active"]',
    )
    settings = read_settings(tmp_path)
    for address in ("https://ehr.example/fhir", "https://ehr.example/fhir/"):
        plans, more = queries(settings, address)
        assert (plans.type, more.asks) == ("CarePlan", ("status",))
        assert more.url("Patient/17") == "CarePlan?patient=Patient/17&category=urn%3Ax%7Ca%20b&status=active"
    assert len(queries(settings, "https://other.example/fhir")) == len(queries(None, "https://ehr.example/fhir")) == 1
