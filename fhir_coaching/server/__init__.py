"""A FHIR server as a client sees it. The only place that imports requests."""

from fhir_coaching.server.answers import Answer
from fhir_coaching.server.auth import Auth, Basic, Bearer, auth_from
from fhir_coaching.server.bundle import Entry
from fhir_coaching.server.capabilities import Capabilities, TypeCapability
from fhir_coaching.server.client import FhirServer

__all__ = ["Answer", "Auth", "Basic", "Bearer", "Capabilities", "Entry", "FhirServer", "TypeCapability", "auth_from"]
