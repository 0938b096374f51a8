"""The mapping kernel: rows, tables and kinds, used as a lens.

Laws, over every kind and version (tests/test_laws.py):

    PutGet   get(put(a, base), a) == a       what we push is what anyone reads
    GetPut   put(get(r), r) == r             an unedited pull pushes back unchanged, to the byte
    Foreign  what no row owns is equal in base and put(a, base)
    Minimal  what the edit did not touch is equal to the byte, and nothing empty is left
    Total    on any JSON, get answers a record or a MappingError, nothing else

Importing it imports no part of it: who needs the versions alone, as the checks do, need not wait for pydantic.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fhir_coaching.lens.kinds import Appends, Kind, KindLens, Part, Parts
    from fhir_coaching.lens.paths import Slice, Wrong, below

    # isort: off
    from fhir_coaching.lens.rows import Bound, Cell, Codec, Fate, Names, Near, Row, Slices, also, also_many, attrs_of
    from fhir_coaching.lens.rows import const, derived, identity, local, many, near, one_way, row

    # isort: on
    from fhir_coaching.lens.tables import Lens, NoNames, Table
    from fhir_coaching.lens.versions import R4, R5, Json, Version

_HOMES = {
    "kinds": ("Appends", "Kind", "KindLens", "Part", "Parts"),
    "paths": ("Slice", "Wrong", "below"),
    "tables": ("Lens", "NoNames", "Table"),
    "versions": ("R4", "R5", "Json", "Version"),
}
_HOME = {name: home for home, names in _HOMES.items() for name in names}

__all__ = [
    "R4", "R5", "Appends", "Bound", "Cell", "Codec", "Fate", "Json", "Kind", "KindLens", "Lens", "Names", "Near", "NoNames",
    "Part", "Parts", "Row", "Slice", "Slices", "Table", "Version", "Wrong", "also", "also_many", "attrs_of", "below", "const",
    "derived", "identity", "local", "many", "near", "one_way", "row",
]  # fmt: skip

if not TYPE_CHECKING:  # a checker would take any name for one of ours

    def __getattr__(name: str) -> Any:
        if name not in __all__:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        return getattr(import_module(f"fhir_coaching.lens.{_HOME.get(name, 'rows')}"), name)
