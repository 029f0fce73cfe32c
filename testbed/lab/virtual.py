"""A lab file's lab in virtual time: the nodes that ``corenet run`` starts, without a socket.

What a lab keeps on disk is kept in memory here: empty at first, and gone with the lab.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from types import MappingProxyType

from corenet.adapters.subscriber_file import SubscriberFile
from corenet.interfaces.node import Interface
from testbed.gateway.keeping.store import SqliteStore
from testbed.lab.build import LoadedLab
from testbed.lab.elsewhere import cell_quality
from testbed.simulation.lab import SmsParts, VirtualLab
from testbed.simulation.quality import LinkQuality
from testbed.smsc.store import MessageStore

_AS_FILES_SAY: Mapping[Interface, LinkQuality] = MappingProxyType({})


class OnlyOnSocketsError(ValueError):
    """A lab file asks for what there is on real sockets only."""


@contextmanager
def virtual_lab(
    lab: LoadedLab, *, seed: int, quality: Mapping[Interface, LinkQuality] = _AS_FILES_SAY
) -> Iterator[VirtualLab]:
    """Make a lab that has not started, and close its stores in the end.

    An interface that neither ``quality`` nor the file's ``latency`` names has 10 ms of latency.

    Raises:
        OnlyOnSocketsError: the file asks for what there is on real sockets only.
    """
    _check(lab)
    assert lab.core is not None
    latencies = {which: s for which, s in lab.model.latency.by_interface.items() if s}
    with ExitStack() as stack:
        store = (
            None if lab.gateway is None else stack.enter_context(closing(SqliteStore(":memory:")))
        )
        sms = None
        if lab.smsc is not None:
            messages = stack.enter_context(closing(MessageStore(":memory:")))
            sms = SmsParts(lab.smsc, messages, lab.esme)
        subscribers = None
        if lab.model.hlr is not None and lab.model.hlr.database is not None:
            subscribers = stack.enter_context(closing(SubscriberFile(":memory:")))
        yield VirtualLab(
            lab.core,
            lab.gateway,
            seed=seed,
            self_activating=lab.self_activating,
            quality={which: LinkQuality(latency=s) for which, s in latencies.items()} | {**quality},
            cells=cell_quality(lab.model),
            store=store,
            sms=sms,
            handset=lab.handset,
            handsets=lab.handsets,
            subscribers=subscribers,
        )


def _check(lab: LoadedLab) -> None:
    model = lab.model
    for reason, holds in (
        ("has no core: nothing would happen in it", lab.core is None),
        ("has TUN devices", bool(lab.tuns) or bool(lab.devices)),
        ("has mobiles of other processes", bool(model.mobiles)),
        ("has an HLR of another process", lab.core is not None and bool(lab.core.hlrs_outside)),
        (
            "has an SGSN that asks the DNS",
            lab.core is not None and any(one.dns for one in lab.core.sgsns.values()),
        ),
        (
            "has a gateway for a core elsewhere",
            model.gateway is not None and model.gateway.core is not None,
        ),
        ("has a gateway for an SMSC elsewhere", lab.esme is not None and lab.smsc is None),
    ):
        if holds:
            raise OnlyOnSocketsError(f"lab {model.name} {reason}; virtual time has no place for it")
