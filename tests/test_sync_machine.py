"""Any order of edits, runs and mishaps: an edit made on one side only is never lost, and nothing is written unasked.

The oracle keeps a model of each field: what either side says, and who changed it since both were last in step.
"""

import base64
import tempfile
from pathlib import Path
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from practices import ANN, COACH, VENDOR, Practice, said

from fhir_coaching.lens import R4
from fhir_coaching.sandbox import Sandbox
from fhir_coaching.sync.base import FOLDER
from fhir_coaching.sync.report import Outcome, Pulled

GOALS = ("g1", "g2")
PARENT = {"kind": "goal", "patient": "p1", "state": "active", "start": "2026-01-05"}
COACHED = {name: value for name, value in COACH.items() if name != "organization"}

# A field of a goal: how the hospital writes it, how it reads there.
FIELDS: dict[str, tuple[str, Any]] = {
    "statement": ("description", lambda text: {"text": text}),
    "start": ("startDate", lambda text: text),
}
VALUES = {"statement": ("Walk", "Run", "Schlafen"), "start": ("2026-01-05", "2026-02", "2027")}

edits = st.sampled_from(sorted(FIELDS)).flatmap(lambda field: st.tuples(st.just(field), st.sampled_from(VALUES[field])))
goals = st.sampled_from(GOALS)
TALK = {"kind": "session", "id": "s1", "patient": "p1", "status": "finished", "practitioner": "c1", "modality": "video"}
mishaps = st.none() | st.tuples(st.sampled_from(["lose_answer", "lose_request", "transient"]), st.integers(0, 6))


class Steps(RuleBasedStateMachine):
    """A practice and a hospital. `base` is what both said when they last agreed, for each goal."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.sandbox = Sandbox("r4").start()
        self.practice = Practice(Path(self.folder.name) / "practice", self.sandbox.url, R4)
        self.here: dict[str, dict[str, str]] = {}
        self.there: dict[str, dict[str, str]] = {}
        self.agreed: dict[str, dict[str, str]] = {}
        self.vendor: set[str] = set()
        self.note = "Walked."  # of a session, edited here only
        self.unsettled = False  # whether a write has no answer yet: then what is remembered must not be lost

    def teardown(self) -> None:
        self.sandbox.close()
        self.folder.cleanup()

    @initialize(quirks=st.sampled_from([(), ("no_update_create",), ("no_transaction",), ("conflict_409", "bare_etag")]))
    def starts(self, quirks: tuple[str, ...]) -> None:
        for quirk in quirks:
            self.sandbox.quirks.add(quirk)
        self.practice.write(ANN, COACHED)
        for goal in GOALS:
            self.here[goal] = {"statement": "Walk", "start": "2026-01-05"}
            self.practice.write(PARENT | {"id": goal} | self.here[goal])
        self.practice.write({**TALK, "note": {"text": self.note}})

    # What people do

    @rule(goal=goals, edit=edits)
    def edits_here(self, goal: str, edit: tuple[str, str]) -> None:
        field, value = edit
        self.here[goal] = self.here[goal] | {field: value}
        self.practice.edit("goal", goal, **{field: value})

    @rule(text=st.sampled_from(["Walked.", "Ran.", "Slept."]))
    def edits_the_note(self, text: str) -> None:
        self.note = text
        self.practice.edit("session", "s1", note={"text": text})

    @precondition(lambda self: self.there)
    @rule(goal=goals, edit=edits)
    def edits_there(self, goal: str, edit: tuple[str, str]) -> None:
        if goal not in self.there:
            return
        field, value = edit
        element, spell = FIELDS[field]
        self.practice.hospital_edits("goal", goal, lambda one: one.update({element: spell(value)}))
        self.there[goal] = self.there[goal] | {field: value}

    @precondition(lambda self: self.there)
    @rule(goal=goals)
    def adds_what_is_foreign(self, goal: str) -> None:
        if goal in self.there and goal not in self.vendor:
            self.practice.hospital_edits("goal", goal, lambda one: one.update(extension=[VENDOR]))
            self.vendor.add(goal)

    # What happens to runs

    @rule()
    def forgets_everything(self) -> None:
        if (self.practice.folder / FOLDER).exists() and not self.unsettled:
            self.practice.forget()
            self.agreed = {}

    @rule(seconds=st.sampled_from([1, 50, 100]), mishap=mishaps)
    def pushes(self, seconds: int, mishap: tuple[str, int] | None) -> None:
        before, versions = dict(self.there), self.versions()
        self.practice.clock += seconds
        if mishap:
            self.sandbox.quirks.add(mishap[0], 1, after=mishap[1])
        report = self.practice.push()
        if mishap:
            self.sandbox.quirks.discard(mishap[0])
        self.unsettled = report.exit_code in {6, 7}
        self.look_there()
        for goal, now in self.there.items():
            if goal not in before or now == before[goal]:
                continue
            # Written: then only what was changed here, and only where the hospital had changed nothing.
            assert now == self.here[goal], list(said(report))
            assert before[goal] == self.agreed.get(goal, before[goal]), list(said(report))
        if report.exit_code == 0:
            assert not [one for one in report.items if one.outcome is Outcome.MOVED]
            assert self.there == self.here
            assert [_text(one) for one in self.notes()] == [self.note]
        if report.writes == 0:
            assert self.versions() == versions
        self.agree()

    @rule(decision=st.sampled_from([None, None, "local", "server"]))
    def pulls(self, decision: str | None) -> None:
        before, there, versions = dict(self.here), dict(self.there), self.versions()
        report = self.practice.pull(on_clash=decision)
        if report.stopped:
            return
        assert self.versions() == versions
        self.here = {goal: self.read_here(goal) for goal in GOALS}
        assert self.practice.line("session", "s1")["note"]["text"] == self.note
        clashes = {one.id for one in report.items if one.outcome is Pulled.CLASH}
        for goal in GOALS:
            local = before[goal] != self.agreed.get(goal)
            remote = goal in there and there[goal] != self.agreed.get(goal)
            if self.here[goal] != before[goal]:
                assert remote, "changed here without anything to take"
                assert decision == "server" or not local or self.here[goal] == there[goal]
                assert self.here[goal] == there[goal] or decision == "server"
            if remote and not local and goal not in clashes:
                assert self.here[goal] == there[goal], list(said(report))
        if decision == "local":
            self.agreed |= {goal: there[goal] for goal in there}
        self.agree()

    def read_here(self, goal: str) -> dict[str, str]:
        line = self.practice.line("goal", goal)
        return {field: line[field] for field in FIELDS}

    def look_there(self) -> None:
        found = {one["identifier"][0]["value"]: one for one in self.practice.there("Goal")}
        assert len(found) == len(self.practice.there("Goal")), "one goal twice"
        self.there = {
            goal: {"statement": one["description"]["text"], "start": one["startDate"]} for goal, one in found.items()
        }

    def versions(self) -> dict[str, str]:
        found = [*self.practice.there("Goal"), *self.practice.there("DocumentReference")]
        return {one["id"]: one["meta"]["versionId"] for one in found}

    def notes(self) -> list[dict[str, Any]]:
        return [one for one in self.practice.there("DocumentReference") if one["status"] == "current"]

    def agree(self) -> None:
        self.agreed |= {goal: self.here[goal] for goal in self.there if self.here[goal] == self.there[goal]}

    @invariant()
    def what_is_foreign_stays(self) -> None:
        for goal in self.vendor:
            assert VENDOR in self.practice.resource("goal", goal)["extension"]

    @invariant()
    def one_document_says_the_note(self) -> None:
        if self.there:
            assert len(self.notes()) <= 1

    @rule()
    def comes_to_rest(self) -> None:
        """Without mishaps and edits, a few runs settle everything that is no clash."""
        for _ in range(3):
            self.pushes(100, None)
        self.pulls("server")
        self.pushes(100, None)
        assert self.here == self.there
        assert self.practice.push().writes == 0


def _text(document: dict[str, Any]) -> str:
    return base64.b64decode(document["content"][0]["attachment"]["data"]).decode()


Steps.TestCase.settings = settings(max_examples=settings().max_examples // 2, stateful_step_count=12)
TestSteps = Steps.TestCase
