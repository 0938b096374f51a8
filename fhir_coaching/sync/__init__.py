"""Keeping a practice and a FHIR server in step: never lose an edit, never write twice, never touch what is not ours."""
