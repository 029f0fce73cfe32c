"""A core network from its configuration: nodes, and their places on any runtime."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Network
from random import Random
from typing import Protocol

from corenet.ggsn.config import GgsnConfig
from corenet.ggsn.node import Ggsn
from corenet.hlr.config import HlrConfig
from corenet.hlr.node import Hlr
from corenet.interfaces.application import Application
from corenet.interfaces.node import Node
from corenet.interfaces.runtime import Runtime
from corenet.mobile.config import MobileConfig
from corenet.mobile.population import Mobiles
from corenet.sgsn.config import SgsnConfig
from corenet.sgsn.node import Sgsn


class CoreRuntime(Runtime, Protocol):
    """A runtime that can also carry packets between Gi and a node."""

    def route_gi(self, networks: Iterable[IPv4Network], node: Node) -> None:
        """Let ``node`` take the packets that arrive on Gi for addresses in ``networks``."""
        ...


Applications = Callable[[MobileConfig], tuple[Application, ...]]
"""What runs on a mobile, by its configuration."""


@dataclass(frozen=True, slots=True)
class CoreConfig:
    """Which nodes a core has. Nodes are named by their key."""

    ggsns: Mapping[str, GgsnConfig] = field(default_factory=dict)
    sgsns: Mapping[str, SgsnConfig] = field(default_factory=dict)
    hlr: HlrConfig | None = None
    mobiles: tuple[MobileConfig, ...] = ()
    """Mobiles in the coverage of ``serving_sgsn``."""
    serving_sgsn: str | None = None
    """Key of the SGSN that the mobiles are in the coverage of; the first one when None."""


@dataclass(frozen=True, slots=True)
class Core:
    """The nodes of a core. ``attach`` them before the first command."""

    config: CoreConfig
    ggsns: Mapping[str, Ggsn]
    sgsns: Mapping[str, Sgsn]
    hlr: Hlr | None
    mobiles: Mobiles | None

    def attach(self, runtime: CoreRuntime) -> None:
        """Attach and start every node: HLR, GGSNs, SGSNs, mobiles, in this order."""
        raise NotImplementedError


def assemble(
    config: CoreConfig,
    *,
    random: Random,
    recovery: int,
    applications: Applications = lambda _mobile: (),
) -> Core:
    """Build the nodes of a core; ``recovery`` is the GTP restart counter of all, 0..255."""
    raise NotImplementedError
