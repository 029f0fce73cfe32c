"""From a lab file's model to the configurations of nodes.

Errors that only show when parts are put together (a static address outside every pool, a
subscriber twice) come out as ``SourceError`` with the place in the file, like any other.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from importlib.resources import files
from ipaddress import ip_address, ip_network
from pathlib import Path

from corenet.assembly import CoreConfig
from corenet.ggsn.config import (
    Apn,
    BackOffs,
    Credential,
    GgsnConfig,
    RadiusServer,
    StaticBinding,
    StoredPduLimits,
)
from corenet.gi.terminal_plan import TerminalPlan
from corenet.gi.tun_plan import TunPlan
from corenet.hlr.config import Barring, HlrConfig, SubscribedApn, Subscriber
from gtp.timers import Timers
from testbed.esme.config import EsmeConfig
from testbed.gateway.config import GatewayConfig
from testbed.handset.settings import HandsetSettings
from testbed.lab import access, devices, elsewhere, gateway, gi, gsup, routes, subscribers
from testbed.lab.handsets import usual_handset
from testbed.lab.model import ApnPart, GgsnPart, GtpTimers, Lab
from testbed.lab.subscribers import Numbered
from testbed.lab.yaml_source import Problem, Source, SourceError, read, validate
from testbed.smsc.config import SmscConfig

ATTACHES_A_SECOND = 1000
"""Of a process of mobiles that has found the network."""

LABS = files("testbed") / "labs"
"""The labs that come with the distribution."""


@dataclass(frozen=True, slots=True)
class LoadedLab:
    """A lab file that was read, and found to fit together."""

    model: Lab
    core: CoreConfig | None
    tuns: dict[tuple[str, str], TunPlan]
    """TUN devices, by names of GGSN and APN."""
    devices: dict[str, TerminalPlan]
    """TUN devices of mobiles, by IMSI."""
    gateway: GatewayConfig | None
    esme: EsmeConfig | None
    """The gateway's way to SMSCs, where it has one."""
    smsc: SmscConfig | None
    self_activating: dict[str, tuple[str, ...]]
    """APNs that a mobile activates by itself once attached, by IMSI."""
    handset: HandsetSettings
    """Of mobiles that are not in ``handsets``."""
    handsets: dict[str, HandsetSettings]
    """Of those that are not as usual, by IMSI."""
    terminals: int
    """Subscribers, ranges counted out."""


def shipped_labs() -> tuple[str, ...]:
    """Return the names of the labs that come with the distribution."""
    return tuple(
        sorted(entry.name[:-5] for entry in LABS.iterdir() if entry.name.endswith(".yaml"))
    )


def load(lab: str) -> LoadedLab:
    """Read a lab: a file's path, or the name of one that comes with the distribution.

    Raises:
        SourceError: it is not there, or not what a lab file should be.
    """
    return build(find(lab))


def load_mobiles(lab: str, process: str | None) -> LoadedLab:
    """Read one of a lab's processes of mobiles as a lab of its own.

    ``process`` may be None where there is only one.

    Raises:
        SourceError: as ``load``, or there is no such process.
    """
    source = find(lab)
    build(source)
    model = validate(Lab, source)
    name = elsewhere.chosen(model, source, process)
    return _mobiles_process(model, tuple(subscribers.counted_out(model, source)), name)


def find(lab: str) -> Source:
    """Read a lab's document.

    Raises:
        SourceError: it is not there, or no YAML.
    """
    shipped = LABS / f"{lab}.yaml"
    try:
        if lab in shipped_labs() and not Path(lab).is_file():
            return read(shipped.read_text(encoding="utf-8"), f"{lab}.yaml")
        text = Path(lab).read_text(encoding="utf-8")
    except OSError as error:
        known = ", ".join(shipped_labs())
        what = f"{error.strerror}; the labs that come with Corenet are {known}"
        raise SourceError((Problem(lab, 1, 1, what),)) from None
    except UnicodeDecodeError as error:
        raise SourceError((Problem(lab, 1, 1, f"not UTF-8 text: {error}"),)) from None
    return read(text, lab)


def build(source: Source) -> LoadedLab:
    """Make every node's configuration of a document.

    Raises:
        SourceError: with each problem and its place.
    """
    lab = validate(Lab, source)
    numbered = tuple(subscribers.counted_out(lab, source))
    _check(lab, numbered, source)
    esme = None if lab.gateway is None else lab.gateway.sms.config(lab.gateway.address, lab.smsc)
    if lab.gateway is not None:
        wrong = tuple(routes.problems(lab.gateway, source, has_smsc=esme is not None))
        if wrong:
            raise SourceError(wrong)
    _check_tls(lab, source)
    try:
        core = _core(lab, numbered)
        return LoadedLab(
            model=lab,
            core=core,
            tuns=gi.plans(lab.ggsn, core),
            devices=devices.plans(subscribers.of_process(numbered, None)),
            gateway=None
            if lab.gateway is None
            else gateway.config(lab, lab.gateway, has_smsc=esme is not None),
            esme=esme,
            smsc=None if lab.smsc is None else lab.smsc.config(gsup.hlr_place(lab, lab.smsc.hlr)),
            self_activating=subscribers.self_activating(subscribers.of_process(numbered, None)),
            handset=usual_handset(lab.gateway),
            handsets=subscribers.handsets(lab, numbered),
            terminals=len(numbered),
        )
    except ValueError as error:
        raise SourceError((source.problem((), str(error)),)) from None


def _check(lab: Lab, numbered: tuple[Numbered, ...], source: Source) -> None:
    """Find what only shows when subscribers and APNs are seen together."""
    pools = {apn.name.lower(): apn.pool for apn in lab.ggsn.apns} if lab.ggsn else {}
    problems: list[Problem] = []
    seen: dict[str, tuple[str | int, ...]] = {}

    def once(what: str, value: str, path: tuple[str | int, ...]) -> None:
        if value in seen:
            problems.append(source.problem(path, f"{what} {value} is given to two subscribers"))
        seen[value] = path

    if lab.ggsn is not None:
        problems += gi.problems(lab.ggsn, source)
    problems.extend(_impatient(lab, source))
    for one in numbered:
        once("IMSI", one.imsi, (*one.path, "imsi"))
        once("MSISDN", f"+{one.msisdn}", (*one.path, "msisdn"))
        for index, apn in enumerate(one.part.apns):
            path = (*one.path, "apns", index)
            address = one.address(apn.address)
            if address is not None:
                once("address", address, (*path, "address"))
            if lab.ggsn is None or any(apn.name in sgsn.ggsns for sgsn in lab.all_sgsns().values()):
                continue
            if apn.name.lower() not in pools:
                text = f"the ggsn has no APN {apn.name}; it has {', '.join(pools) or 'none'}"
                problems.append(source.problem((*path, "name"), text))
                continue
            pool = [ip_network(text) for text in pools[apn.name.lower()]]
            if address and pool and not any(ip_address(address) in one for one in pool):
                named = ", ".join(map(str, pool))
                text = f"{address} is not in the pool {named} of APN {apn.name}"
                problems.append(source.problem((*path, "address"), text))
        if len(problems) >= 20:
            break
    problems += access.problems(lab, source)
    problems += elsewhere.problems(lab, source)
    problems += devices.problems(lab, source)
    if problems:
        raise SourceError(tuple(problems))


def _impatient(lab: Lab, source: Source) -> Iterator[Problem]:
    """Find an SGSN that gives a Create up before the GGSN knows who may have a context."""
    if lab.ggsn is None or lab.sgsn is None:
        return
    patience = lab.sgsn.gtp.t3_response * lab.sgsn.gtp.n3_requests
    asks = any(apn.authentication is not None for apn in lab.ggsn.apns)
    if asks and lab.ggsn.authentication.deadline >= patience:
        text = f"the SGSN waits {patience:g} s for a context; the deadline has to be shorter"
        yield source.problem(("ggsn", "authentication", "deadline"), text)


def _check_tls(lab: Lab, source: Source) -> None:
    """Find out whether the certificate and the key can be used."""
    if lab.gateway is None or lab.gateway.tls is None:
        return
    from testbed.adapters.tls import TlsError, server_options

    try:
        server_options(gateway.tls(lab.gateway.tls))
    except TlsError as error:
        path = ("gateway", "tls", error.setting)
        raise SourceError((source.problem(path, error.text),)) from None


def _core(lab: Lab, numbered: tuple[Numbered, ...]) -> CoreConfig | None:
    outside = gsup.hlrs_outside(lab)
    here = subscribers.of_process(numbered, None)
    if not (lab.ggsn or lab.all_sgsns() or lab.hlr or outside):
        return None
    return CoreConfig(
        ggsns={} if lab.ggsn is None else {"ggsn": _ggsn(lab, lab.ggsn, numbered)},
        sgsns=access.sgsns(lab),
        hlr=_hlr(lab, numbered),
        gsup_server=gsup.gsup_server(lab),
        hlrs_outside=outside,
        mobiles=() if not lab.all_sgsns() else subscribers.mobiles(lab, here),
        mobile_timers=lab.mobile_timers.timers(),
        seed=lab.seed,
        base_station=elsewhere.base_station(lab, (one.imsi for one in here)),
    )


def _mobiles_process(lab: Lab, numbered: tuple[Numbered, ...], process: str) -> LoadedLab:
    """Return a process of mobiles as a lab of its own."""
    there = subscribers.of_process(numbered, process)
    return LoadedLab(
        model=elsewhere.model(lab, process),
        core=CoreConfig(
            mobiles=subscribers.mobiles(lab, there),
            seed=lab.seed,
            # Sockets lose what comes faster than it is read.
            mobile_timers=lab.mobile_timers.timers(attach_spread=len(there) / ATTACHES_A_SECOND),
            transceiver=elsewhere.transceiver(lab, process),
            cells=access.areas_by_cell(lab),
        ),
        tuns={},
        devices=devices.plans(there),
        gateway=None,
        esme=None,
        smsc=None,
        self_activating=subscribers.self_activating(there),
        handset=usual_handset(lab.gateway),
        handsets=subscribers.handsets(lab, there),
        terminals=len(there),
    )


def _apn(part: ApnPart, *, tun: bool) -> Apn:
    credentials = None
    if part.credentials is not None:
        credentials = tuple(Credential(one.name, one.password) for one in part.credentials)
    return Apn(
        part.name,
        tuple(map(ip_network, part.pool)),
        dns=part.dns,
        static_ranges=tuple(map(ip_network, part.static)),
        maximum_contexts=part.maximum_contexts,
        qos=None if part.qos is None else bytes.fromhex(part.qos),
        mtu=part.mtu,
        credentials=credentials,
        authentication=None if part.authentication is None else part.authentication.policy(),
        user_name=part.user_name,
        ipcp_ack=part.ipcp_ack,
        gateways=gi.gateways(part, tun=tun),
        answers_for_dns=part.answer_ping,
        mobile_to_mobile=part.mobile_to_mobile,
    )


def _ggsn(lab: Lab, part: GgsnPart, numbered: tuple[Numbered, ...]) -> GgsnConfig:
    return GgsnConfig(
        control_address=part.address,
        user_address=part.user_address or part.address,
        apns=tuple(_apn(apn, tun=gi.has_tun(part, apn)) for apn in part.apns),
        static_bindings=tuple(
            StaticBinding(one.imsi, apn.name, address, one.msisdn)
            for one in numbered
            for apn in one.part.apns
            if (address := one.address(apn.address)) is not None
        ),
        hlr=None if lab.hlr is None else (lab.hlr.address, 2123),
        radius=tuple(
            RadiusServer((server.address, server.port), server.secret.encode())
            for server in part.radius
        ),
        accounting=part.accounting.policy(part.interim_interval),
        authentication=part.authentication.policy(),
        dynamic_authorization=None if part.orders is None else part.orders.policy(),
        nas_identifier=part.nas_identifier,
        charging_gateway=part.charging_gateway,
        plmn=part.plmn,
        attempts_through_ms=part.attempts_through_ms,
        guard_time=part.guard_time,
        back_offs=BackOffs(
            ms_refused=part.back_off.refused,
            ms_not_responding=part.back_off.not_responding,
            notification_refused=part.back_off.other,
            unknown_subscriber=part.back_off.other,
            routeing_failed=part.back_off.other,
            peer_silent=part.back_off.other,
            guard_expired=part.back_off.other,
            create_refused=part.back_off.other,
        ),
        stored_pdus=StoredPduLimits(
            part.stored_pdus.count, part.stored_pdus.octets, part.stored_pdus.age
        ),
        timers=_timers(part.gtp),
        on_sgsn_restart=part.on_sgsn_restart,
        on_path_down=part.on_path_down,
    )


def _hlr(lab: Lab, numbered: tuple[Numbered, ...]) -> HlrConfig | None:
    if lab.hlr is None:
        return None
    return HlrConfig(
        address=lab.hlr.address,
        subscribers=tuple(
            Subscriber(
                one.imsi,
                one.msisdn,
                tuple(
                    SubscribedApn(
                        apn.name,
                        one.address(apn.address),
                        None if apn.qos is None else bytes.fromhex(apn.qos),
                    )
                    for apn in one.part.apns
                ),
                *subscribers.secret_and_sqn(one.part.card),
                Barring(one.part.barring),
            )
            for one in numbered
            if one.part.known_to_hlr
        ),
        timers=_timers(lab.hlr.gtp),
        max_short_messages=lab.hlr.short_messages,
        commit_interval=lab.hlr.commit_interval,
        foreign_sgsns=lab.hlr.foreign_sgsns,
        service_centres=gsup.service_centres(lab),
    )


def _timers(part: GtpTimers) -> Timers:
    return Timers(
        t3_response=part.t3_response,
        n3_requests=part.n3_requests,
        echo_interval=part.echo_interval,
    )
