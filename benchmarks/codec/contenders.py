"""The three codecs, each used as its documentation says.

``build_…`` go from plain values to octets, ``parse`` from octets to the library's message
object, ``read_…`` from octets to all of the values, so that a lazy decoder has to do its work.
What the libraries split further than ours (QoS, routeing area) is compared as octets or fields,
whichever the library has; each builds from its own form.
"""

from __future__ import annotations

from socket import inet_aton, inet_ntoa
from typing import Any, Protocol

from pycrate_mobile import TS29060_GTP
from scapy.contrib import gtp as scapy

from benchmarks.codec.values import Creation, Notification
from gtp.ies import EndUserAddress
from gtp.messages import CreatePdpContextRequest, PduNotificationRequest, decode

Values = tuple[Any, ...]


class Contender(Protocol):
    """A codec in the benchmark."""

    name: str

    def build_creation(self, values: Creation) -> bytes:
        """Return the octets of a Create PDP Context Request."""
        ...

    def build_notification(self, values: Notification) -> bytes:
        """Return the octets of a PDU Notification Request."""
        ...

    def parse(self, data: bytes) -> object:
        """Return the library's message."""
        ...

    def read_creation(self, data: bytes) -> Values:
        """Return what a Create PDP Context Request says."""
        ...

    def read_notification(self, data: bytes) -> Values:
        """Return what a PDU Notification Request says."""
        ...


class Ours:
    """``gtp``."""

    name = "gtp"

    def build_creation(self, values: Creation) -> bytes:
        """Return the octets of a Create PDP Context Request."""
        return CreatePdpContextRequest(
            sequence=values.sequence,
            imsi=values.imsi,
            rai=values.rai,
            recovery=values.recovery,
            selection_mode=0,
            teid_data=values.teid_data,
            teid_control=values.teid_control,
            nsapi=values.nsapi,
            charging_characteristics=0x0800,
            end_user_address=EndUserAddress.for_ipv4(values.address),
            apn=values.apn,
            pco=values.pco,
            sgsn_address_control=values.control_address,
            sgsn_address_user=values.user_address,
            msisdn=values.msisdn,
            qos=values.qos,
            rat_type=values.rat_type,
            imei=values.imei,
        ).encode()

    def build_notification(self, values: Notification) -> bytes:
        """Return the octets of a PDU Notification Request."""
        return PduNotificationRequest(
            sequence=values.sequence,
            imsi=values.imsi,
            teid_control=values.teid_control,
            end_user_address=EndUserAddress.for_ipv4(values.address),
            apn=values.apn,
            ggsn_address=values.ggsn_address,
        ).encode()

    def parse(self, data: bytes) -> object:
        """Return the library's message."""
        return decode(data)

    def read_creation(self, data: bytes) -> Values:
        """Return what a Create PDP Context Request says."""
        message = decode(data)
        assert isinstance(message, CreatePdpContextRequest)
        assert message.end_user_address is not None
        assert message.rai is not None
        plmn = message.rai.hex()
        return (
            message.sequence,
            message.imsi,
            plmn[1] + plmn[0] + plmn[3],
            plmn[5] + plmn[4],
            int.from_bytes(message.rai[3:5]),
            message.rai[5],
            message.recovery,
            message.teid_data,
            message.teid_control,
            message.nsapi,
            message.end_user_address.ipv4,
            message.apn,
            message.sgsn_address_control,
            message.sgsn_address_user,
            message.msisdn,
            message.qos[1] >> 3 & 7,
            message.qos[6],
            message.qos[7],
            message.rat_type,
            message.imei,
            message.selection_mode,
            message.charging_characteristics,
            message.pco,
        )

    def read_notification(self, data: bytes) -> Values:
        """Return what a PDU Notification Request says."""
        message = decode(data)
        assert isinstance(message, PduNotificationRequest)
        return (
            message.sequence,
            message.imsi,
            message.teid_control,
            message.end_user_address.ipv4,
            message.apn,
            message.ggsn_address,
        )


class Scapy:
    """``scapy.contrib.gtp``; lengths are given where its automatic ones are wrong."""

    name = "scapy"

    def build_creation(self, values: Creation) -> bytes:
        """Return the octets of a Create PDP Context Request."""
        elements = [
            scapy.IE_IMSI(imsi=values.imsi),
            scapy.IE_Routing(MCC=values.mcc + "f", MNC=values.mnc, LAC=values.lac, RAC=values.rac),
            scapy.IE_Recovery(restart_counter=values.recovery),
            scapy.IE_SelectionMode(SelectionMode=0xFC),
            scapy.IE_TEIDI(TEIDI=values.teid_data),
            scapy.IE_TEICP(TEICI=values.teid_control),
            scapy.IE_NSAPI(NSAPI=values.nsapi),
            scapy.IE_ChargingCharacteristics(
                Ch_ChSpare=0,
                normal_charging=1,
                prepaid_charging=0,
                flat_rate_charging=0,
                hot_billing_charging=0,
            ),
            scapy.IE_EndUserAddress(length=6, PDPTypeNumber=0x21, PDPAddress=values.address),
            scapy.IE_AccessPointName(APN=values.apn),
            scapy.IE_ProtocolConfigurationOptions(length=7, Protocol_Configuration=values.pco),
            scapy.IE_GSNAddress(length=4, ipv4_address=values.control_address),
            scapy.IE_GSNAddress(length=4, ipv4_address=values.user_address),
            scapy.IE_MSInternationalNumber(length=7, flags=0x91, digits=values.msisdn),
            scapy.IE_QoS(
                length=13,
                allocation_retention_prioiry=2,
                delay_class=values.delay_class,
                reliability_class=3,
                peak_troughput=9,
                precedence_class=2,
                mean_troughput=31,
                traffic_class=3,
                delivery_order=2,
                delivery_of_err_sdu=3,
                max_sdu_size=0x96,
                max_bitrate_up=values.maximum_up,
                max_bitrate_down=values.maximum_down,
                redidual_ber=7,
                sdu_err_ratio=4,
                transfer_delay=10,
                traffic_handling_prio=3,
                guaranteed_bit_rate_up=255,
                guaranteed_bit_rate_down=255,
                signaling_indication=0,
                source_stats_desc=0,
            ),
            scapy.IE_RATType(RAT_Type=values.rat_type),
            scapy.IE_IMEI(length=8, IMEI=values.imei),
        ]
        body = scapy.GTPCreatePDPContextRequest(IE_list=elements)
        return bytes(scapy.GTPHeader(seq=values.sequence, teid=0, S=1) / body)

    def build_notification(self, values: Notification) -> bytes:
        """Return the octets of a PDU Notification Request."""
        body = scapy.GTPPDUNotificationRequest(
            IE_list=[
                scapy.IE_IMSI(imsi=values.imsi),
                scapy.IE_TEICP(TEICI=values.teid_control),
                scapy.IE_EndUserAddress(length=6, PDPTypeNumber=0x21, PDPAddress=values.address),
                scapy.IE_AccessPointName(APN=values.apn),
                scapy.IE_GSNAddress(length=4, ipv4_address=values.ggsn_address),
            ]
        )
        return bytes(scapy.GTPHeader(seq=values.sequence, teid=0, S=1) / body)

    def parse(self, data: bytes) -> object:
        """Return the library's message."""
        return scapy.GTPHeader(data)

    def read_creation(self, data: bytes) -> Values:
        """Return what a Create PDP Context Request says."""
        header = scapy.GTPHeader(data)
        ies = header.IE_list
        rai, charging, qos = ies[1], ies[7], ies[14]
        return (
            header.seq,
            ies[0].imsi.decode(),
            rai.MCC.decode(),
            rai.MNC.decode(),
            rai.LAC,
            rai.RAC,
            ies[2].restart_counter,
            ies[4].TEIDI,
            ies[5].TEICI,
            ies[6].NSAPI,
            ies[8].PDPAddress,
            ies[9].APN.decode(),
            ies[11].ipv4_address,
            ies[12].ipv4_address,
            ies[13].digits.decode(),
            qos.delay_class,
            qos.max_bitrate_up,
            qos.max_bitrate_down,
            ies[15].RAT_Type,
            ies[16].IMEI.decode(),
            ies[3].SelectionMode & 3,
            charging.normal_charging << 11 | charging.prepaid_charging << 10,
            ies[10].Protocol_Configuration,
        )

    def read_notification(self, data: bytes) -> Values:
        """Return what a PDU Notification Request says."""
        header = scapy.GTPHeader(data)
        imsi, teid, user, apn, ggsn = header.IE_list
        return (
            header.seq,
            imsi.imsi.decode(),
            teid.TEICI,
            user.PDPAddress,
            apn.APN.decode(),
            ggsn.ipv4_address,
        )


class Pycrate:
    """``pycrate_mobile.TS29060_GTP``."""

    name = "pycrate"

    def build_creation(self, values: Creation) -> bytes:
        """Return the octets of a Create PDP Context Request."""
        elements = {
            "IMSI": {"Data": values.imsi},
            "RAI": {
                "Data": {
                    "PLMN": values.mcc + values.mnc,
                    "LAC": values.lac,
                    "RAC": values.rac,
                }
            },
            "Recovery": {"Data": values.recovery},
            "SelectionMode": {"Data": {"spare": 0x3F, "Val": 0}},
            "TEIDDataI": {"Data": values.teid_data},
            "TEIDCP": {"Data": values.teid_control},
            "NSAPI": {"Data": {"Val": values.nsapi}},
            "ChargingCharacteristics": {"Data": 0x0800},
            "EndUserAddr": {
                "Data": {"TypeOrg": 1, "Type": 0x21, "Addr": inet_aton(values.address)}
            },
            "APN": {"Data": values.apn},
            "PCO": {"Data": {"Config": [{"ID": 0x0D}, {"ID": 3}]}},
            "SGSNAddrForSignalling": {"Data": inet_aton(values.control_address)},
            "SGSNAddrForUserTraffic": {"Data": inet_aton(values.user_address)},
            "MSISDN": {"Data": {"NumType": 1, "NumPlan": 1, "Num": values.msisdn}},
            "QoSProfile": {
                "Data": {
                    "AllocRetentPriority": 2,
                    "QoS": {
                        "DelayClass": values.delay_class,
                        "ReliabilityClass": 3,
                        "PeakThroughput": 9,
                        "PrecedenceClass": 2,
                        "MeanThroughput": 31,
                        "TrafficClass": 3,
                        "DeliveryOrder": 2,
                        "ErroneousSDU": 3,
                        "MaxSDUSize": 0x96,
                        "MaxULBitrate": values.maximum_up,
                        "MaxDLBitrate": values.maximum_down,
                        "ResidualBER": 7,
                        "SDUErrorRatio": 4,
                        "TransferDelay": 10,
                        "TrafficHandlingPriority": 3,
                        "GuaranteedULBitrate": 255,
                        "GuaranteedDLBitrate": 255,
                    },
                }
            },
            "RATType": {"Data": values.rat_type},
            "IMEI": {"Data": values.imei},
        }
        message = TS29060_GTP.CreatePDPCtxtReq(
            val={
                "GTPHdr": {"S": 1, "GTPHdrOpt": {"SeqNum": values.sequence}},
                "CreatePDPCtxtReqIEs": elements,
            }
        )
        return bytes(message.to_bytes())

    def build_notification(self, values: Notification) -> bytes:
        """Return the octets of a PDU Notification Request."""
        elements = {
            "IMSI": {"Data": values.imsi},
            "TEIDCP": {"Data": values.teid_control},
            "EndUserAddr": {
                "Data": {"TypeOrg": 1, "Type": 0x21, "Addr": inet_aton(values.address)}
            },
            "APN": {"Data": values.apn},
            "GGSNAddrForControlPlane": {"Data": inet_aton(values.ggsn_address)},
        }
        message = TS29060_GTP.PDUNotifReq(
            val={
                "GTPHdr": {"S": 1, "GTPHdrOpt": {"SeqNum": values.sequence}},
                "PDUNotifReqIEs": elements,
            }
        )
        return bytes(message.to_bytes())

    def parse(self, data: bytes) -> object:
        """Return the library's message."""
        message, error = TS29060_GTP.parse_GTP(data)
        assert not error
        return message

    def read_creation(self, data: bytes) -> Values:
        """Return what a Create PDP Context Request says."""
        message, _ = TS29060_GTP.parse_GTP(data)
        header, ies = message["GTPHdr"], message["CreatePDPCtxtReqIEs"]
        rai, qos = ies["RAI"]["Data"], ies["QoSProfile"]["Data"]["QoS"]
        plmn = rai["PLMN"].decode()
        return (
            header["GTPHdrOpt"]["SeqNum"].get_val(),
            ies["IMSI"]["Data"].decode(),
            plmn[:3],
            plmn[3:],
            rai["LAC"].get_val(),
            rai["RAC"].get_val(),
            ies["Recovery"]["Data"].get_val(),
            ies["TEIDDataI"]["Data"].get_val(),
            ies["TEIDCP"]["Data"].get_val(),
            ies["NSAPI"]["Data"]["Val"].get_val(),
            inet_ntoa(ies["EndUserAddr"]["Data"]["Addr"].get_val()),
            ies["APN"]["Data"].decode(),
            inet_ntoa(ies["SGSNAddrForSignalling"]["Data"].get_val()),
            inet_ntoa(ies["SGSNAddrForUserTraffic"]["Data"].get_val()),
            ies["MSISDN"]["Data"]["Num"].get_alt().decode(),
            qos["DelayClass"].get_val(),
            qos["MaxULBitrate"].get_val(),
            qos["MaxDLBitrate"].get_val(),
            ies["RATType"]["Data"].get_val(),
            ies["IMEI"]["Data"].decode(),
            ies["SelectionMode"]["Data"]["Val"].get_val(),
            ies["ChargingCharacteristics"]["Data"].get_val(),
            ies["PCO"]["Data"].to_bytes(),
        )

    def read_notification(self, data: bytes) -> Values:
        """Return what a PDU Notification Request says."""
        message, _ = TS29060_GTP.parse_GTP(data)
        header, ies = message["GTPHdr"], message["PDUNotifReqIEs"]
        return (
            header["GTPHdrOpt"]["SeqNum"].get_val(),
            ies["IMSI"]["Data"].decode(),
            ies["TEIDCP"]["Data"].get_val(),
            inet_ntoa(ies["EndUserAddr"]["Data"]["Addr"].get_val()),
            ies["APN"]["Data"].decode(),
            inet_ntoa(ies["GGSNAddrForControlPlane"]["Data"].get_val()),
        )
