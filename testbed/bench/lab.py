"""A lab that runs, for tests and scripts of one thread: ``open_lab`` starts and ends it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from testbed.bench.addresses import Block, Move, described, moved, written
from testbed.bench.mobile import Mobiles
from testbed.bench.parts import Core, Gateway, Initiator, Smsc, smsc_of
from testbed.bench.reactor_thread import ReactorThread
from testbed.bench.socket_world import SocketWorld
from testbed.bench.virtual_world import VirtualWorld
from testbed.bench.watch import Events, Messages, Watch
from testbed.bench.world import World
from testbed.lab.build import LoadedLab, load
from testbed.lab.model import Lab as LabModel

T = TypeVar("T")

LabSource = str | Path | Mapping[str, Any] | LabModel | LoadedLab
"""A lab file's path or the name of a lab that comes along, what such a file holds, or a model."""

SETTLE_TIME = 30.0
"""Seconds that the mobiles of a lab have to attach."""


class LabNotReadyError(RuntimeError):
    """Not every mobile has attached in time."""


class MissingPartError(LookupError):
    """The lab has no such part."""


@dataclass(frozen=True, slots=True)
class Options:
    """How a lab is to run."""

    seed: int = 1
    folder: Path | None = None
    """Where its capture and its state go; virtual time needs none, and makes no capture then."""
    within: float = 10.0
    """Seconds that an expectation waits when it does not say how long."""
    first_block: int = 0
    """Where to begin to look for free addresses, so that processes seldom meet."""


class Lab(Messages):
    """A lab that runs. On sockets it has loopback addresses that no other lab has."""

    def __init__(
        self, loaded: LoadedLab, world: World, watch: Watch, options: Options, move: Move | None
    ) -> None:
        super().__init__(watch)
        self.loaded = loaded
        """What its file says, with the addresses that it has."""
        self.seed = options.seed
        """Where it takes chance from."""
        self.capture = _capture(options)
        """The pcapng of everything that passed; None where there is none."""
        self.events = Events(watch)
        """What its nodes say has happened."""
        self.initiator = Initiator(watch, options.seed)
        """Its push initiator."""
        self.world = world
        self._move = move

    @property
    def name(self) -> str:
        """What the lab file calls it."""
        return self.loaded.model.name

    @property
    def is_virtual(self) -> bool:
        """Whether its time is virtual."""
        return self.world.is_virtual

    @property
    def core(self) -> Core:
        """Its core network."""
        control = self.world.control
        if control is None:
            raise MissingPartError(f"lab {self.name} has no core")
        part = self.loaded.model.control
        url = None if part is None else f"http://{part.address}:{part.port}"
        return Core(control, self._watch, None if self.is_virtual else url)

    @property
    def mobiles(self) -> Mobiles:
        """Its mobiles, by position, MSISDN or IMSI."""
        control, config = self.world.control, self.loaded.core
        if control is None or config is None:
            raise MissingPartError(f"lab {self.name} has no core, and so no mobiles")
        return Mobiles(config, control, self._watch)

    @property
    def gateway(self) -> Gateway:
        """Its push gateway."""
        if self.loaded.gateway is None:
            raise MissingPartError(f"lab {self.name} has no gateway")
        return Gateway(self.initiator, self.loaded.gateway.pap_url)

    @property
    def smsc(self) -> Smsc:
        """Its SMSC."""
        smsc = smsc_of(self.loaded)
        if smsc is None:
            raise MissingPartError(f"lab {self.name} has no SMSC")
        return smsc

    def address(self, in_file: str) -> str:
        """Return the address that the lab has in place of one of its lab file."""
        return in_file if self._move is None else self._move[in_file]

    @property
    def addresses(self) -> Mapping[str, str]:
        """Where hosts beside the mobiles have gone, by their addresses in the lab file."""
        return {} if self._move is None else dict(self._move.nodes)

    @property
    def spare_address(self) -> str:
        """An address that no node of the lab has, for a process under test."""
        if self._move is None:
            raise MissingPartError("a lab in virtual time has no addresses of this host")
        return self._move.spare_address

    def call(self, action: Callable[[], T]) -> T:
        """Do something with the lab's nodes in their own thread; return, or raise, what it does."""
        return self.world.call(action)

    def run(self, seconds: float) -> None:
        """Let time pass."""
        self.world.until(lambda: False, seconds)

    def until(self, condition: Callable[[], bool], within: float | None = None) -> bool:
        """Let time pass until something is so; return whether it was in time."""
        return self.world.until(condition, self._watch.within if within is None else within)

    def now(self) -> float:
        """Return the lab's time: seconds since 1970-01-01 UTC."""
        return self.world.now()

    def forget(self) -> None:
        """Let expectations look only at what comes from now on."""
        self._watch.forget()

    def ladder(self, last: int | None = None, *, whole: bool = False) -> str:
        """Return what was seen as text, a line each, in milliseconds since the lab was ready.

        From then on, or with ``whole`` from its start on; at most so many of the ``last`` lines.
        """
        return self._watch.ladder(last, whole=whole)


def loaded(source: LabSource) -> LoadedLab:
    """Return a lab as it is described, before it gets addresses.

    Raises:
        testbed.lab.yaml_source.SourceError: it is not what a lab file should be.
    """
    if isinstance(source, LoadedLab):
        return source
    if isinstance(source, Path):
        return load(str(source))
    if isinstance(source, str):
        return written(source) if "\n" in source else load(source)
    return described(source)


@contextmanager
def open_lab(
    source: LabSource,
    *,
    options: Options | None = None,
    thread: ReactorThread | None = None,
    opened: Callable[[Lab], None] = lambda _lab: None,
) -> Iterator[Lab]:
    """Start a lab and wait until its mobiles have attached; end it.

    With ``thread`` it is on sockets, without in virtual time. ``opened`` is told of it before it
    starts, so that a start that fails can be looked at.

    Raises:
        testbed.lab.yaml_source.SourceError: the description is wrong.
        testbed.bench.addresses.NoFreeAddressesError: too many labs run on this host.
        testbed.bench.addresses.TooManyTerminalsError: so many can only be in virtual time.
        testbed.lab.virtual.OnlyOnSocketsError: the lab cannot be in virtual time.
        LabNotReadyError: the mobiles have not attached in time.
    """
    options = options or Options()
    with ExitStack() as stack:
        described_lab, move = loaded(source), None
        world: World
        if thread is None:
            world = VirtualWorld(described_lab, seed=options.seed, capture=_capture(options))
        else:
            if options.folder is None:
                raise ValueError("a lab on sockets needs a folder for its state")
            block = Block.take(options.first_block)
            stack.callback(block.let_go)
            described_lab, move = moved(described_lab, block)
            world = SocketWorld(
                described_lab,
                thread,
                seed=options.seed,
                capture=_capture(options),
                state=options.folder / "state",
                own_address=block.own_address,
            )
        stack.callback(world.close)
        part = described_lab.model.initiator
        names = {} if part is None else {part.address: "initiator"}
        watch = Watch(world, names, within=options.within)
        lab = Lab(described_lab, world, watch, options, move)
        opened(lab)
        if not world.start(SETTLE_TIME):
            raise LabNotReadyError(
                f"not every mobile of lab {lab.name} has attached within {SETTLE_TIME:g} s"
            )
        lab.forget()
        yield lab


def _capture(options: Options) -> Path | None:
    return None if options.folder is None else options.folder / "capture.pcapng"
