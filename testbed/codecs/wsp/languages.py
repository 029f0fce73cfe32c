"""Assigned numbers of languages in WSP headers (WAP-230 appendix A)."""

from __future__ import annotations

from typing import Final

_FROM_ONE: Final = """
aa ab af am ar as ay az ba be bg bh bi bn bo br ca co cs cy da de dz el en eo es et eu
fa fi fj ur fr uz ga gd gl gn gu ha he hi hr hu hy vi id wo xh is it yo ja jw ka kk za
km kn ko ks ku ky zh ln lo lt lv mg mi mk ml mn mo mr ms mt my uk ne nl no oc om or pa
po ps pt qu zu rn ro ru rw sa sd sg sh si sk sl sm sn so sq sr ss st su sv sw ta te tg
th ti tk tl tn to tr ts tt tw ug
"""

LANGUAGES: Final = dict(enumerate(_FROM_ONE.split(), 1))
"""Those of one octet, by number; ISO 639 codes as they were in 1989."""
LANGUAGE_NUMBERS: Final = {name: number for number, name in LANGUAGES.items()}
