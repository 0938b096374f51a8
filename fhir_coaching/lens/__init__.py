"""The mapping kernel: rows, tables and kinds, used as a lens.

Laws, over every kind and version (tests/test_laws.py):

    PutGet   get(put(a, base), a) == a       what we push is what anyone reads
    GetPut   put(get(r), r) == r             an unedited pull pushes back unchanged, to the byte
    Foreign  what no row owns is equal in base and put(a, base)
    Minimal  what the edit did not touch is equal to the byte, and nothing empty is left
    Total    on any JSON, get answers a record or a MappingError, nothing else
"""

from fhir_coaching.lens.kinds import Appends, Kind, KindLens, Part, Parts
from fhir_coaching.lens.paths import Slice, Wrong, below
from fhir_coaching.lens.rows import (
    Bound,
    Cell,
    Codec,
    Fate,
    Names,
    Near,
    Row,
    Slices,
    also,
    also_many,
    attrs_of,
    const,
    derived,
    identity,
    local,
    many,
    near,
    one_way,
    row,
)
from fhir_coaching.lens.tables import Lens, NoNames, Table
from fhir_coaching.versions import R4, R5, Json, Version

__all__ = [
    "R4", "R5", "Appends", "Bound", "Cell", "Codec", "Fate", "Json", "Kind", "KindLens", "Lens", "Names", "Near", "NoNames",
    "Part", "Parts", "Row", "Slice", "Slices", "Table", "Version", "Wrong", "also", "also_many", "attrs_of", "below", "const",
    "derived", "identity", "local", "many", "near", "one_way", "row",
]  # fmt: skip
