"""Pure decisions about people: NIP, post kinds, who may appraise."""

from __future__ import annotations

from enum import StrEnum


class PostKind(StrEnum):
    """Kinds of posts (UU 20/2023; PermenPANRB 6/2022 art. 1). Values are stored."""

    JPT = "jpt"  # pimpinan tinggi
    ADMINISTRATOR = "administrator"
    SUPERVISOR = "pengawas"
    STAFF = "pelaksana"
    FUNCTIONAL = "fungsional"


APPRAISER_KINDS = frozenset({PostKind.JPT, PostKind.ADMINISTRATOR, PostKind.SUPERVISOR})
"""An appraiser is at least a *pejabat pengawas* (PermenPANRB 6/2022 art. 1(9))."""
