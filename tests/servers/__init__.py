"""Servers that the tests run against, each in a process of its own: HAPI FHIR, sekmet-fhir, the validation engine."""

from servers.launchers import hapi, sekmet, validator
from servers.process import StartFailed, Unavailable
from servers.validation import Validator

__all__ = ["StartFailed", "Unavailable", "Validator", "hapi", "sekmet", "validator"]
