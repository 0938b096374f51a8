"""Where `checks` with profiles and the validation engine with their guide differ and are meant to, each with its reason."""

from checking.differences import Difference

PROFILES: tuple[Difference, ...] = ()
