"""A lab file with some settings otherwise, each of which keeps its place in its own file.

Mappings are merged, all else is replaced. Subscribers are a list in a lab file; a mapping laid
over it has what is otherwise of some of them by MSISDN.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from testbed.lab.yaml_source import Path, Source, SourceError


def part_of(source: Source, path: Path) -> Source:
    """Return what a document has at ``path`` as a document of its own."""
    value = source.value
    for step in path:
        value = value[step]
    depth = len(path)
    places = {place[depth:]: at for place, at in source.places.items() if place[:depth] == path}
    return Source(source.file, value, places)


def overlaid(base: Source, over: Source) -> Source:
    """Return ``base`` with ``over`` laid over it.

    Raises:
        SourceError: ``over`` has a subscriber whom ``base`` has not.
    """
    merged = _Merging(base, over)
    value = merged.merge(base.value, over.value, (), ())
    return Source(base.file, value, merged.places, merged.files)


class _Merging:
    def __init__(self, base: Source, over: Source) -> None:
        self._over = over
        self.places = dict(base.places)
        self.files = dict(base.files)

    def merge(self, base: Any, over: Any, at: Path, over_at: Path) -> Any:
        if isinstance(base, Mapping) and isinstance(over, Mapping):
            merged = dict(base)
            for key, value in over.items():
                inner = (*over_at, str(key))
                merged[key] = self.merge(merged.get(key), value, (*at, str(key)), inner)
            return merged
        if at == ("subscribers",) and isinstance(base, list) and isinstance(over, Mapping):
            return self._subscribers(base, over, at, over_at)
        self._take(at, over_at)
        return over

    def _subscribers(
        self, base: list[Any], over: Mapping[Any, Any], at: Path, over_at: Path
    ) -> list[Any]:
        merged = list(base)
        numbers = [str(one.get("msisdn")) for one in base if isinstance(one, Mapping)]
        for msisdn, value in over.items():
            inner = (*over_at, str(msisdn))
            if str(msisdn) not in numbers:
                text = f"the lab has no subscriber {msisdn}; it has {', '.join(numbers)}"
                raise SourceError((self._over.problem(inner, text),))
            index = numbers.index(str(msisdn))
            merged[index] = self.merge(merged[index], value, (*at, index), inner)
        return merged

    def _take(self, at: Path, over_at: Path) -> None:
        """Let everything at ``at`` have the places of what was laid over it."""
        depth, over_depth = len(at), len(over_at)
        for place in [place for place in self.places if place[:depth] == at]:
            del self.places[place]
            self.files.pop(place, None)
        for place, where in self._over.places.items():
            if place[:over_depth] == over_at:
                own = (*at, *place[over_depth:])
                self.places[own] = where
                self.files[own] = self._over.file
