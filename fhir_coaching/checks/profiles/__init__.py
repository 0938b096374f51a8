"""What guides ask beyond the specification: profiles from shipped tables or a package, slices, extensions, their constraints.

`guides.chosen` makes what `check` takes as its profiles.
"""
