"""`python -m fhir_coaching`: the command line."""

from fhir_coaching.cli import main

main()
