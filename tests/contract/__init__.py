"""One contract suite for every FHIR server that we work with: what we rely on, checked over plain HTTP.

The checks know nothing of our own client. Where a server is known to differ, `deviations.py` says so in a row.
"""
