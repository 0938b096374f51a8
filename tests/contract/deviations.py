"""Where a server differs from the contract, a row per server and check."""

from typing import NamedTuple


class Deviation(NamedTuple):
    """How the check fails there, and what it means for us.

    `seen` is searched for in the failure's message: the check has to fail like this, or the suite fails.
    `sometimes`: a race, which the server does not lose every time.
    """

    seen: str
    why: str
    sometimes: bool = False


DEVIATIONS: dict[tuple[str, str], Deviation] = {
    ("hapi", "capabilities_of_bundles"): Deviation(
        "it says .*'transaction'",
        "HAPI 8.8.0 does batches, but its statement names transaction only (2026-11): silence is no no",
    ),
    ("hapi", "conditional_update_if_match_stale"): Deviation(
        "expected 409 or 412, got 200", "HAPI 8.8.0 ignores If-Match on a conditional update (2026-11): update by id"
    ),
    ("hapi", "conditional_update_tells_the_location"): Deviation(
        "no header Location",
        "HAPI 8.8.0 answers an update that creates with Content-Location only (2026-11): the id is in the body",
    ),
    ("hapi", "if_match_on_nothing"): Deviation(
        "expected 404 or 409 or 412, got 201",
        "HAPI 8.8.0 creates what an If-Match names and is not there (2026-11): read before the update",
    ),
    ("hapi", "tags_are_removed"): Deviation(
        "the tag is still there",
        "HAPI 8.8.0 keeps tags that an update leaves out (2026-11): tags are no part of a comparison",
    ),
    ("hapi", "transaction_names_the_failing_entry"): Deviation(
        r"expressions: \[\]", "HAPI 8.8.0 does not say which entry of a transaction failed (2026-11): split to find it"
    ),
    ("hapi", "transaction_rolls_back[id]"): Deviation(
        "got 200", "HAPI 8.8.0 takes the id in the entry's URL and does not look at the body's (2026-11): send the same"
    ),
    ("hapi", "transaction_rolls_back[type]"): Deviation(
        "got 200", "HAPI 8.8.0 takes the type of the body and does not look at the entry's URL (2026-11): send the same"
    ),
    ("hapi", "transaction_same_condition_twice"): Deviation(
        "stored 1, answered 1",
        "HAPI 8.8.0 answers two equal conditional creates with one entry (2026-11): never two of one identity; count",
    ),
    ("hapi", "transaction_tells_versions"): Deviation(
        'the entry says 1, a read W/"1"',
        "HAPI 8.8.0 writes the bare version in an entry's etag (2026-11): read it with and without W/",
    ),
    ("hapi", "unknown_element"): Deviation(
        "the unknown element was dropped",
        "HAPI 8.8.0 drops unknown elements with a 201 (2026-11): compare what came back with what was sent",
    ),
    ("hapi", "unknown_parameter_lenient"): Deviation(
        "expected 200, got 400",
        "HAPI 8.8.0 refuses an unknown search parameter, lenient or not (2026-11): send known ones only",
    ),
    ("hapi", "unsupported_method"): Deviation(
        "expected 405 or 501, got 400",
        "HAPI 8.8.0 reads POST Type/id as a create with an id (2026-11): nothing that we send",
    ),
    ("hapi", "update_as_create_tells_the_location"): Deviation(
        "no header Location",
        "HAPI 8.8.0 answers an update that creates with Content-Location only (2026-11): the id is known anyway",
    ),
    ("sekmet", "conditional_create_eight_at_once"): Deviation(
        r"stored [2-8]",
        "sekmet 0.1.1 does not guard conditional creates that come at once (2026-11): one writer an identifier",
        sometimes=True,
    ),
    ("sekmet", "conditional_update_if_match_stale"): Deviation(
        "expected 409 or 412, got 200", "sekmet 0.1.1 ignores If-Match on a conditional update (2026-11): update by id"
    ),
    ("sekmet", "decimals_in_a_transaction"): Deviation(
        r"sent 8000\.10, got 8000\.1\b",
        "sekmet 0.1.1 stores decimals as binary numbers (2026-11): compare as decimals, never as text",
    ),
    ("sekmet", "decimals_keep_their_digits"): Deviation(
        "sent .*, got", "sekmet 0.1.1 stores decimals as binary numbers (2026-11): 15 digits, no trailing zeros"
    ),
    ("sekmet", "paging_while_rows_are_removed"): Deviation(
        "a row was left out",
        "sekmet 0.1.1 pages by offset (2026-11): a row slips through when one before it goes; a miss proves nothing",
    ),
    ("sekmet", "transaction_names_the_failing_entry"): Deviation(
        r"expressions: \[\]",
        "sekmet 0.1.1 does not say which entry of a transaction failed (2026-11): split to find it",
    ),
    ("sekmet", "transaction_same_condition_twice"): Deviation(
        "stored 2, answered 2",
        "sekmet 0.1.1 stores two of two equal conditional creates in a Bundle (2026-11): never two of one identity",
    ),
}
