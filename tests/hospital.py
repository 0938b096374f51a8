"""A hospital that has a plan of coaching of its own for a patient of the practice: for the tests of adoption."""

from typing import Any

import requests
from practices import ALL, TYPES, Practice

from fhir_coaching.fhir.names import adopted_id
from fhir_coaching.fhir.systems import PERTAINS_TO_GOAL, SERVICE
from fhir_coaching.lens import R4

Json = dict[str, Any]

COACHING = {"coding": [{"system": SERVICE, "code": "health-coaching"}], "text": "Coaching"}
SITE = {"coding": [{"system": "https://hospital.example/plans", "code": "lifestyle"}]}
SHORT = {"text": {"status": "generated", "div": '<div xmlns="http://www.w3.org/1999/xhtml">Their words</div>'}}
ADOPTED = {"engagement": "CarePlan", "goal": "Goal", "action_step": "ServiceRequest", "referral": "ServiceRequest"}


class Hospital:
    """A practice that was pushed, and what the hospital has of one of its patients beside that."""

    def __init__(self, practice: Practice, *, elsewhere: bool = True) -> None:
        self.practice = practice
        self.foreign_goals = [{"reference": "#inside"}]
        if elsewhere:  # HAPI 8.8.0 takes no reference to another server (2026-11)
            self.foreign_goals.append({"reference": "https://elsewhere.example/fhir/Goal/1"})
        # Nobody is to be matched with those of an earlier run: the store of a real server stays.
        self.practice.write(*({name: one[name] for name in one if name not in {"identifiers", "npi"}} for one in ALL))
        assert self.practice.push().exit_code == 0
        self.patient = self.at("patient", "p1")
        ours = self.at("goal", "g1")
        self.goal = self.adds("Goal", **self.wish("Fewer falls"))
        self.nested = self.adds("Goal", **self.wish("Steady on one leg"))
        self.step = self.adds("ServiceRequest", **self.request("plan", "Tai chi on Mondays", self.nested))
        self.order = self.adds("ServiceRequest", **self.request("order", "Coaching, eight times"))
        self.other = self.adds("ServiceRequest", **self.request("proposal", "Somebody else's business"))
        self.stray = self.adds("Goal", **self.wish("In nobody's plan"))
        self.plan = self.adds("CarePlan", **self.care_plan(
            goal=[{"reference": self.goal, "display": "Falls"}, {"reference": ours}],
            activity=[self.activity(self.step), self.activity(self.order), self.activity(self.other), *self.details()],
        ))  # fmt: skip
        self.plain = self.adds(
            "CarePlan", **self.care_plan(category=[{"text": "Coaching"}], goal=[{"reference": self.stray}])
        )

    # What the hospital writes

    def at(self, kind: str, id_: str) -> str:
        """The address of a record of the practice."""
        return self.practice.base().rows[kind, id_].parts[kind].reference

    def adds(self, type_: str, **elements: Any) -> str:
        """A new resource; its address."""
        made = self.practice.client().create({"resourceType": type_, **elements})
        return f"{type_}/{made.id}"

    def wish(self, text: str) -> Json:
        return {
            "subject": {"reference": self.patient}, "lifecycleStatus": "active", "description": {"text": text},
            "startDate": "2026-02-02", "outcomeCode" if self.practice.version is R4 else "outcome": self._outcome(),
        }  # fmt: skip

    def _outcome(self) -> list[Json]:
        said = {"text": "no fall in May"}
        return [said if self.practice.version is R4 else {"concept": said}]

    def request(self, intent: str, text: str, *goals: str) -> Json:
        code = {"text": text}
        extension = [{"url": PERTAINS_TO_GOAL, "valueReference": {"reference": goal}} for goal in goals]
        return {
            "subject": {"reference": self.patient}, "status": "active", "intent": intent,
            "code": code if self.practice.version is R4 else {"concept": code}, **({"extension": extension} if extension else {}),
        }  # fmt: skip

    def care_plan(self, **elements: Any) -> Json:
        return SHORT | {
            "subject": {"reference": self.patient}, "status": "active", "intent": "plan", "title": "On firm feet",
            "category": [COACHING], "contained": [{"resourceType": "Goal", "id": "inside", **self.wish("Inside")}],
            "description": "Written by the clinic", **elements,
            "goal": [*elements.get("goal", []), *self.foreign_goals],
        }  # fmt: skip

    def activity(self, address: str) -> Json:
        name = "reference" if self.practice.version is R4 else "plannedActivityReference"
        return {name: {"reference": address}}

    def details(self) -> list[Json]:
        return [{"detail": {"status": "in-progress", "description": "Walk"}}] if self.practice.version is R4 else []

    def read(self, address: str) -> Json:
        found = self.practice.client().read(*address.split("/")).resource
        assert found is not None
        return found

    def edits(self, address: str, **elements: Any) -> None:
        self.practice.put(self.read(address) | elements)

    def deletes(self, address: str) -> None:
        assert requests.delete(f"{self.practice.url}/{address}", timeout=60).status_code in {200, 204}

    # What the practice sees

    def id(self, address: str) -> str:
        """The record id of an adopted resource."""
        return adopted_id(self.practice.url, *address.split("/"))

    def line(self, address: str, kind: str = "goal") -> Json:
        return self.practice.line(kind, self.id(address))

    def lines(self) -> dict[str, set[str]]:
        """The ids of adopted records, by kind."""
        return {
            kind: {one["id"] for one in self.practice.lines(kind) if one["id"].startswith("a-")} for kind in ADOPTED
        }

    def state(self) -> dict[str, str]:
        """Version by address of everything that anybody has on the server."""
        client = self.practice.client()
        return {
            f"{type_}/{one['id']}": one["meta"]["versionId"]
            for type_ in TYPES
            for one in client.search(f"{type_}?_count=200")
        }

    def allows(self, *types: str) -> None:
        """Types of theirs that may be written."""
        self.practice.agrees(write_adopted=types)

    def foreign(self) -> list[str]:
        """What the hospital wrote and we adopted."""
        return [self.plan, self.goal, self.nested, self.step, self.order]
