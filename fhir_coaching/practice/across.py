"""What is amiss between records: goals of another patient, a group's ids, a loop of parents."""

from collections import Counter, defaultdict
from collections.abc import Iterable

from fhir_coaching.errors import Finding
from fhir_coaching.practice.entries import Entry
from fhir_coaching.practice.findings import holds, is_withdrawn
from fhir_coaching.practice.references import references_of
from fhir_coaching.practice.rules import finding
from fhir_coaching.practice.stretches import is_before
from fhir_coaching.records import RECORDS, kind_of
from fhir_coaching.records.coaching import Goal, GroupSession, Session, SessionStatus
from fhir_coaching.records.dates import Instant, PartialDate
from fhir_coaching.records.people import Patient
from fhir_coaching.records.values import Record

_OWNED = {kind for kind, model in RECORDS.items() if "patient" in model.model_fields}
STEM = 6  # characters that two opaque ids do not share by chance


class Across:
    """Takes entries in any order, keeps ids, places and times of them, and reports in the end."""

    def __init__(self) -> None:
        self._found: list[Finding] = []
        self._owner: dict[tuple[str, str], str] = {}  # kind, id -> patient
        self._named: list[tuple[str, str, tuple[str, str], str]] = []  # place, path, kind and id, patient
        self._parent: dict[str, tuple[str, str]] = {}  # goal -> parent, place
        self._death: dict[str, PartialDate | Instant | None] = {}  # of every patient
        self._start: list[tuple[str, str, Instant]] = []  # place, patient, start
        self._group: dict[str, str] = {}  # of every session; nothing if it is in none
        self._members: dict[str, list[tuple[str, str, str]]] = defaultdict(list)  # group -> session, patient, place
        self._listed: list[tuple[str, str, str]] = []  # place, group, session

    def add(self, entry: Entry) -> None:
        """Take note of a record. Resources and withdrawals say nothing here."""
        record, place = entry.record, entry.place
        if record is None or is_withdrawn(record):
            return
        if isinstance(record, Patient):
            self._death[record.id] = None if isinstance(record.deceased, bool) else record.deceased
        elif isinstance(record, GroupSession):
            self._listed += [(place, record.id, session) for session in record.sessions]
        elif isinstance(record, Session):
            self._session(record, place)
        elif isinstance(record, Goal) and record.parent is not None:
            self._parent[record.id] = record.parent, place
        patient = getattr(record, "patient", None)
        if patient is not None:
            self._owner[kind_of(record), record.id] = patient
            self._name(record, patient, place)

    def report(self) -> list[Finding]:
        """What is amiss between the records taken. To be asked once."""
        for place, path, key, patient in self._named:
            self._check_owner(place, path, key, patient)
        for place, patient, start in self._start:
            self._check_death(place, patient, start)
        for place, group, session in self._listed:
            if self._group.get(session, group) != group:
                self._found.append(finding("group-member", place, "sessions", f"`{session}`"))
        for members in self._members.values():
            self._check_ids(members)
        self._check_parents()
        return self._found

    def _session(self, session: Session, place: str) -> None:
        self._group[session.id] = session.group or ""
        if session.group is not None:
            self._members[session.group].append((session.id, session.patient, place))
        start = _start_of(session)
        if start is not None and session.status is not SessionStatus.CANCELLED:
            if session.patient in self._death:
                self._check_death(place, session.patient, start)
            else:
                self._start.append((place, session.patient, start))

    def _name(self, record: Record, patient: str, place: str) -> None:
        """Take note of what a record names that is of one patient, or check it at once."""
        for path, kinds, key in references_of(record):
            if kinds[0] not in _OWNED:
                continue
            if (kinds[0], key) in self._owner:
                self._check_owner(place, path, (kinds[0], key), patient)
            else:
                self._named.append((place, path, (kinds[0], key), patient))

    def _check_owner(self, place: str, path: str, key: tuple[str, str], patient: str) -> None:
        if self._owner.get(key, patient) != patient:
            self._found.append(finding("other-patient", place, path))

    def _check_death(self, place: str, patient: str, start: Instant) -> None:
        death = self._death.get(patient)
        if death is not None and is_before(death, start):
            self._found.append(finding("session-after-death", place))

    def _check_ids(self, members: list[tuple[str, str, str]]) -> None:
        """The ids of the sessions of one group: nothing in them ties one to another."""
        patients = {patient for _, patient, _ in members}
        stems = Counter(session[:STEM].lower() for session, _, _ in members)
        for session, own, place in members:
            if any(holds(session, patient) for patient in patients if patient != own):
                self._found.append(finding("group-id", place, "id"))
            if stems[session[:STEM].lower()] > 1 and len(session) >= STEM:
                self._found.append(finding("group-stem", place, "id"))

    def _check_parents(self) -> None:
        settled: set[str] = set()
        for goal in self._parent:
            way: dict[str, None] = {}  # in order
            at = goal
            while at in self._parent and at not in settled and at not in way:
                way[at] = None
                at = self._parent[at][0]
            if at in way:
                steps = list(way)
                self._found += [
                    finding("goal-loop", self._parent[one][1], "parent") for one in steps[steps.index(at) :]
                ]
            settled |= way.keys()


def findings_across(entries: Iterable[Entry]) -> list[Finding]:
    """What is amiss between records."""
    across = Across()
    for entry in entries:
        across.add(entry)
    return across.report()


def _start_of(session: Session) -> Instant | None:
    if session.contact is not None:
        return session.contact.intervals[0].start
    return (
        session.booking.planned.start if session.booking is not None and session.booking.planned is not None else None
    )
