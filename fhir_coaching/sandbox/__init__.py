"""A FHIR server to try things against: standard library only, for synthetic data only.

It does create, read, vread, history, update, delete, search, batch and transaction as CapabilityStatement and
https://hl7.org/fhir/R4/http.html say; chained search, `_has`, `_revinclude`, PATCH, operations and XML it refuses.
`http.server` is not hardened: it listens on this machine only.
"""

from .capability import NOTICE
from .listener import Sandbox
from .quirks import QUIRKS

__all__ = ["NOTICE", "QUIRKS", "Sandbox"]
