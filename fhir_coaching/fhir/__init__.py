"""FHIR itself: wire JSON, code systems, datatypes, references, bundles, the gate."""
