"""Numbers of GTPv1: ports, message types, causes, information element types.

Specs: TS 29.060 §7.1 (message types), §7.7 (information elements), §7.7.1 (Cause);
TS 29.281 (GTP-U).
"""

from __future__ import annotations

from enum import IntEnum
from typing import Final

GTP_C_PORT: Final = 2123
"""UDP port of GTPv1-C (TS 29.060 §10.1)."""
GTP_U_PORT: Final = 2152
"""UDP port of GTPv1-U (TS 29.281 §4.4.2)."""


class MessageType(IntEnum):
    """Message types (TS 29.060 §7.1)."""

    ECHO_REQUEST = 1
    ECHO_RESPONSE = 2
    VERSION_NOT_SUPPORTED = 3
    CREATE_PDP_CONTEXT_REQUEST = 16
    CREATE_PDP_CONTEXT_RESPONSE = 17
    UPDATE_PDP_CONTEXT_REQUEST = 18
    UPDATE_PDP_CONTEXT_RESPONSE = 19
    DELETE_PDP_CONTEXT_REQUEST = 20
    DELETE_PDP_CONTEXT_RESPONSE = 21
    INITIATE_PDP_CONTEXT_ACTIVATION_REQUEST = 22
    INITIATE_PDP_CONTEXT_ACTIVATION_RESPONSE = 23
    ERROR_INDICATION = 26
    PDU_NOTIFICATION_REQUEST = 27
    PDU_NOTIFICATION_RESPONSE = 28
    PDU_NOTIFICATION_REJECT_REQUEST = 29
    PDU_NOTIFICATION_REJECT_RESPONSE = 30
    SUPPORTED_EXTENSION_HEADERS_NOTIFICATION = 31
    SEND_ROUTEING_INFORMATION_FOR_GPRS_REQUEST = 32
    SEND_ROUTEING_INFORMATION_FOR_GPRS_RESPONSE = 33
    FAILURE_REPORT_REQUEST = 34
    FAILURE_REPORT_RESPONSE = 35
    NOTE_MS_GPRS_PRESENT_REQUEST = 36
    NOTE_MS_GPRS_PRESENT_RESPONSE = 37
    IDENTIFICATION_REQUEST = 48
    IDENTIFICATION_RESPONSE = 49
    SGSN_CONTEXT_REQUEST = 50
    SGSN_CONTEXT_RESPONSE = 51
    SGSN_CONTEXT_ACKNOWLEDGE = 52
    FORWARD_RELOCATION_REQUEST = 53
    FORWARD_RELOCATION_RESPONSE = 54
    FORWARD_RELOCATION_COMPLETE = 55
    RELOCATION_CANCEL_REQUEST = 56
    RELOCATION_CANCEL_RESPONSE = 57
    FORWARD_SRNS_CONTEXT = 58
    FORWARD_RELOCATION_COMPLETE_ACKNOWLEDGE = 59
    FORWARD_SRNS_CONTEXT_ACKNOWLEDGE = 60
    UE_REGISTRATION_QUERY_REQUEST = 61
    UE_REGISTRATION_QUERY_RESPONSE = 62
    RAN_INFORMATION_RELAY = 70
    MBMS_NOTIFICATION_REQUEST = 96
    MBMS_NOTIFICATION_RESPONSE = 97
    MBMS_NOTIFICATION_REJECT_REQUEST = 98
    MBMS_NOTIFICATION_REJECT_RESPONSE = 99
    CREATE_MBMS_CONTEXT_REQUEST = 100
    CREATE_MBMS_CONTEXT_RESPONSE = 101
    UPDATE_MBMS_CONTEXT_REQUEST = 102
    UPDATE_MBMS_CONTEXT_RESPONSE = 103
    DELETE_MBMS_CONTEXT_REQUEST = 104
    DELETE_MBMS_CONTEXT_RESPONSE = 105
    MBMS_REGISTRATION_REQUEST = 112
    MBMS_REGISTRATION_RESPONSE = 113
    MBMS_DE_REGISTRATION_REQUEST = 114
    MBMS_DE_REGISTRATION_RESPONSE = 115
    MBMS_SESSION_START_REQUEST = 116
    MBMS_SESSION_START_RESPONSE = 117
    MBMS_SESSION_STOP_REQUEST = 118
    MBMS_SESSION_STOP_RESPONSE = 119
    MBMS_SESSION_UPDATE_REQUEST = 120
    MBMS_SESSION_UPDATE_RESPONSE = 121
    MS_INFO_CHANGE_NOTIFICATION_REQUEST = 128
    MS_INFO_CHANGE_NOTIFICATION_RESPONSE = 129
    END_MARKER = 254
    G_PDU = 255

    @property
    def text(self) -> str:
        """The name as it is written in sentences."""
        return _MESSAGE_TEXTS.get(self.value) or self.name.replace("_", " ").title()


_MESSAGE_TEXTS: Final = {
    16: "Create PDP Context Request",
    17: "Create PDP Context Response",
    18: "Update PDP Context Request",
    19: "Update PDP Context Response",
    20: "Delete PDP Context Request",
    21: "Delete PDP Context Response",
    22: "Initiate PDP Context Activation Request",
    23: "Initiate PDP Context Activation Response",
    27: "PDU Notification Request",
    28: "PDU Notification Response",
    29: "PDU Notification Reject Request",
    30: "PDU Notification Reject Response",
    32: "Send Routeing Information for GPRS Request",
    33: "Send Routeing Information for GPRS Response",
    36: "Note MS GPRS Present Request",
    37: "Note MS GPRS Present Response",
    50: "SGSN Context Request",
    51: "SGSN Context Response",
    52: "SGSN Context Acknowledge",
    58: "Forward SRNS Context",
    60: "Forward SRNS Context Acknowledge",
    61: "UE Registration Query Request",
    62: "UE Registration Query Response",
    70: "RAN Information Relay",
    96: "MBMS Notification Request",
    97: "MBMS Notification Response",
    98: "MBMS Notification Reject Request",
    99: "MBMS Notification Reject Response",
    100: "Create MBMS Context Request",
    101: "Create MBMS Context Response",
    102: "Update MBMS Context Request",
    103: "Update MBMS Context Response",
    104: "Delete MBMS Context Request",
    105: "Delete MBMS Context Response",
    112: "MBMS Registration Request",
    113: "MBMS Registration Response",
    114: "MBMS De-Registration Request",
    115: "MBMS De-Registration Response",
    116: "MBMS Session Start Request",
    117: "MBMS Session Start Response",
    118: "MBMS Session Stop Request",
    119: "MBMS Session Stop Response",
    120: "MBMS Session Update Request",
    121: "MBMS Session Update Response",
    128: "MS Info Change Notification Request",
    129: "MS Info Change Notification Response",
    255: "G-PDU",
}


class Cause(IntEnum):
    """Cause values (TS 29.060 §7.7.1).

    0-63 stand in requests, 128-191 accept, 192-255 reject; the two causes with suffix X are the
    request-group twins of those without. A value without a name is a Cause all the same, named
    ``UNASSIGNED_n``, and counts by its group.
    """

    REQUEST_IMSI = 0
    REQUEST_IMEI = 1
    REQUEST_IMSI_AND_IMEI = 2
    NO_IDENTITY_NEEDED = 3
    MS_REFUSES_X = 4
    MS_NOT_GPRS_RESPONDING_X = 5
    REACTIVATION_REQUESTED = 6
    PDP_ADDRESS_INACTIVITY_TIMER_EXPIRES = 7
    NETWORK_FAILURE = 8
    QOS_PARAMETER_MISMATCH = 9
    REQUEST_ACCEPTED = 128
    NEW_PDP_TYPE_NETWORK_PREFERENCE = 129
    NEW_PDP_TYPE_SINGLE_ADDRESS_BEARER = 130
    NON_EXISTENT = 192
    INVALID_MESSAGE_FORMAT = 193
    IMSI_NOT_KNOWN = 194
    MS_GPRS_DETACHED = 195
    MS_NOT_GPRS_RESPONDING = 196
    MS_REFUSES = 197
    VERSION_NOT_SUPPORTED = 198
    NO_RESOURCES_AVAILABLE = 199
    SERVICE_NOT_SUPPORTED = 200
    MANDATORY_IE_INCORRECT = 201
    MANDATORY_IE_MISSING = 202
    OPTIONAL_IE_INCORRECT = 203
    SYSTEM_FAILURE = 204
    ROAMING_RESTRICTION = 205
    P_TMSI_SIGNATURE_MISMATCH = 206
    GPRS_CONNECTION_SUSPENDED = 207
    AUTHENTICATION_FAILURE = 208
    USER_AUTHENTICATION_FAILED = 209
    CONTEXT_NOT_FOUND = 210
    ALL_DYNAMIC_PDP_ADDRESSES_OCCUPIED = 211
    NO_MEMORY_IS_AVAILABLE = 212
    RELOCATION_FAILURE = 213
    UNKNOWN_MANDATORY_EXTENSION_HEADER = 214
    SEMANTIC_ERROR_IN_TFT_OPERATION = 215
    SYNTACTIC_ERROR_IN_TFT_OPERATION = 216
    SEMANTIC_ERRORS_IN_PACKET_FILTERS = 217
    SYNTACTIC_ERRORS_IN_PACKET_FILTERS = 218
    MISSING_OR_UNKNOWN_APN = 219
    UNKNOWN_PDP_ADDRESS_OR_PDP_TYPE = 220
    PDP_CONTEXT_WITHOUT_TFT_ALREADY_ACTIVATED = 221
    APN_ACCESS_DENIED = 222
    APN_RESTRICTION_INCOMPATIBLE = 223
    MS_MBMS_CAPABILITIES_INSUFFICIENT = 224
    INVALID_CORRELATION_ID = 225
    MBMS_BEARER_CONTEXT_SUPERSEDED = 226
    BEARER_CONTROL_MODE_VIOLATION = 227
    COLLISION_WITH_NETWORK_INITIATED_REQUEST = 228
    APN_CONGESTION = 229
    BEARER_HANDLING_NOT_SUPPORTED = 230
    TARGET_ACCESS_RESTRICTED = 231
    UE_TEMPORARILY_NOT_REACHABLE = 232
    RELOCATION_FAILURE_NAS_REDIRECTION = 233

    @classmethod
    def _missing_(cls, value: object) -> Cause | None:
        """Give a number without a name its place among the causes."""
        if not isinstance(value, int) or not 0 <= value <= 255:
            return None
        member = int.__new__(cls, value)
        member._name_ = f"UNASSIGNED_{value}"
        member._value_ = value
        return member

    @property
    def text(self) -> str:
        """The meaning in words."""
        return _CAUSE_TEXTS.get(self.value, f"Unassigned cause {self.value}")

    @property
    def is_acceptance(self) -> bool:
        """Whether a response with it accepts."""
        return 128 <= self.value < 192

    @property
    def is_rejection(self) -> bool:
        """Whether a response with it rejects."""
        return self.value >= 192


_CAUSE_TEXTS: Final = {
    0: "Request IMSI",
    1: "Request IMEI",
    2: "Request IMSI and IMEI",
    3: "No identity needed",
    4: "MS refuses",
    5: "MS is not GPRS responding",
    6: "Reactivation requested",
    7: "PDP address inactivity timer expires",
    8: "Network failure",
    9: "QoS parameter mismatch",
    128: "Request accepted",
    129: "New PDP type due to network preference",
    130: "New PDP type due to single address bearer only",
    192: "Non-existent",
    193: "Invalid message format",
    194: "IMSI/IMEI not known",
    195: "MS is GPRS detached",
    196: "MS is not GPRS responding",
    197: "MS refuses",
    198: "Version not supported",
    199: "No resources available",
    200: "Service not supported",
    201: "Mandatory IE incorrect",
    202: "Mandatory IE missing",
    203: "Optional IE incorrect",
    204: "System failure",
    205: "Roaming restriction",
    206: "P-TMSI signature mismatch",
    207: "GPRS connection suspended",
    208: "Authentication failure",
    209: "User authentication failed",
    210: "Context not found",
    211: "All dynamic PDP addresses are occupied",
    212: "No memory is available",
    213: "Relocation failure",
    214: "Unknown mandatory extension header",
    215: "Semantic error in the TFT operation",
    216: "Syntactic error in the TFT operation",
    217: "Semantic errors in packet filter(s)",
    218: "Syntactic errors in packet filter(s)",
    219: "Missing or unknown APN",
    220: "Unknown PDP address or PDP type",
    221: "PDP context without TFT already activated",
    222: "APN access denied, no subscription",
    223: "APN Restriction type incompatibility with currently active PDP Contexts",
    224: "MS MBMS Capabilities Insufficient",
    225: "Invalid Correlation-ID",
    226: "MBMS Bearer Context Superseded",
    227: "Bearer Control Mode violation",
    228: "Collision with network initiated request",
    229: "APN Congestion",
    230: "Bearer handling not supported",
    231: "Target access restricted for the subscriber",
    232: "UE is temporarily not reachable due to power saving",
    233: "Relocation failure due to NAS message redirection",
}


class IEType(IntEnum):
    """Types of information elements (TS 29.060 §7.7): below 128 TV, from 128 on TLV."""

    CAUSE = 1
    IMSI = 2
    ROUTEING_AREA_IDENTITY = 3
    TLLI = 4
    P_TMSI = 5
    REORDERING_REQUIRED = 8
    AUTHENTICATION_TRIPLETS = 9
    MAP_CAUSE = 11
    P_TMSI_SIGNATURE = 12
    MS_VALIDATED = 13
    RECOVERY = 14
    SELECTION_MODE = 15
    TEID_DATA = 16
    TEID_CONTROL = 17
    TEID_DATA_II = 18
    TEARDOWN_IND = 19
    NSAPI = 20
    RANAP_CAUSE = 21
    RAB_CONTEXT = 22
    RADIO_PRIORITY_FOR_MO_SMS = 23
    RADIO_PRIORITY = 24
    PACKET_FLOW_ID = 25
    CHARGING_CHARACTERISTICS = 26
    TRACE_REFERENCE = 27
    TRACE_TYPE = 28
    MS_NOT_REACHABLE_REASON = 29
    PACKET_TRANSFER_COMMAND = 126
    CHARGING_ID = 127
    END_USER_ADDRESS = 128
    MM_CONTEXT = 129
    PDP_CONTEXT = 130
    APN = 131
    PCO = 132
    GSN_ADDRESS = 133
    MSISDN = 134
    QOS = 135
    AUTHENTICATION_QUINTUPLETS = 136
    TFT = 137
    TARGET_IDENTIFICATION = 138
    UTRAN_TRANSPARENT_FIELD = 139
    RAB_SETUP_INFORMATION = 140
    EXTENSION_HEADER_TYPES = 141
    TRIGGER_ID = 142
    OMC_IDENTITY = 143
    RAN_TRANSPARENT_CONTAINER = 144
    PDP_CONTEXT_PRIORITIZATION = 145
    ADDITIONAL_RAB_SETUP_INFORMATION = 146
    SGSN_NUMBER = 147
    COMMON_FLAGS = 148
    APN_RESTRICTION = 149
    RADIO_PRIORITY_LCS = 150
    RAT_TYPE = 151
    USER_LOCATION = 152
    MS_TIME_ZONE = 153
    IMEI = 154
    CAMEL_CHARGING_INFORMATION = 155
    MBMS_UE_CONTEXT = 156
    TMGI = 157
    RIM_ROUTING_ADDRESS = 158
    MBMS_PROTOCOL_CONFIGURATION_OPTIONS = 159
    MBMS_SERVICE_AREA = 160
    SOURCE_RNC_PDCP_CONTEXT_INFO = 161
    ADDITIONAL_TRACE_INFO = 162
    HOP_COUNTER = 163
    SELECTED_PLMN_ID = 164
    MBMS_SESSION_IDENTIFIER = 165
    MBMS_2G_3G_INDICATOR = 166
    ENHANCED_NSAPI = 167
    MBMS_SESSION_DURATION = 168
    ADDITIONAL_MBMS_TRACE_INFO = 169
    MBMS_SESSION_IDENTITY_REPETITION_NUMBER = 170
    MBMS_TIME_TO_DATA_TRANSFER = 171
    PS_HANDOVER_REQUEST_CONTEXT = 172
    BSS_CONTAINER = 173
    CELL_IDENTIFICATION = 174
    PDU_NUMBERS = 175
    BSSGP_CAUSE = 176
    REQUIRED_MBMS_BEARER_CAPABILITIES = 177
    RIM_ROUTING_ADDRESS_DISCRIMINATOR = 178
    LIST_OF_SET_UP_PFCS = 179
    PS_HANDOVER_XID_PARAMETERS = 180
    MS_INFO_CHANGE_REPORTING_ACTION = 181
    DIRECT_TUNNEL_FLAGS = 182
    CORRELATION_ID = 183
    BEARER_CONTROL_MODE = 184
    MBMS_FLOW_IDENTIFIER = 185
    MBMS_IP_MULTICAST_DISTRIBUTION = 186
    MBMS_DISTRIBUTION_ACKNOWLEDGEMENT = 187
    RELIABLE_INTER_RAT_HANDOVER_INFO = 188
    RFSP_INDEX = 189
    FQDN = 190
    EVOLVED_ARP_I = 191
    EVOLVED_ARP_II = 192
    EXTENDED_COMMON_FLAGS = 193
    USER_CSG_INFORMATION = 194
    CSG_INFORMATION_REPORTING_ACTION = 195
    CSG_ID = 196
    CSG_MEMBERSHIP_INDICATION = 197
    AMBR = 198
    UE_NETWORK_CAPABILITY = 199
    UE_AMBR = 200
    APN_AMBR_WITH_NSAPI = 201
    GGSN_BACK_OFF_TIME = 202
    SIGNALLING_PRIORITY_INDICATION = 203
    SIGNALLING_PRIORITY_INDICATION_WITH_NSAPI = 204
    HIGHER_BITRATES_THAN_16_MBPS_FLAG = 205
    MAX_MBR_APN_AMBR = 206
    ADDITIONAL_MM_CONTEXT_FOR_SRVCC = 207
    ADDITIONAL_FLAGS_FOR_SRVCC = 208
    STN_SR = 209
    C_MSISDN = 210
    EXTENDED_RANAP_CAUSE = 211
    ENODEB_ID = 212
    SELECTION_MODE_WITH_NSAPI = 213
    ULI_TIMESTAMP = 214
    LOCAL_HOME_NETWORK_ID_WITH_NSAPI = 215
    CN_OPERATOR_SELECTION_ENTITY = 216
    UE_USAGE_TYPE = 217
    EXTENDED_COMMON_FLAGS_II = 218
    NODE_IDENTIFIER = 219
    CIOT_OPTIMIZATIONS_SUPPORT_INDICATION = 220
    SCEF_PDN_CONNECTION = 221
    IOV_UPDATES_COUNTER = 222
    MAPPED_UE_USAGE_TYPE = 223
    UP_FUNCTION_SELECTION_INDICATION_FLAGS = 224
    IE_TYPE_EXTENSION = 238
    RELEASED_PACKETS = 249
    CANCELLED_PACKETS = 250
    CHARGING_GATEWAY_ADDRESS = 251
    DATA_RECORD_PACKET = 252
    REQUESTS_RESPONDED = 253
    ADDRESS_OF_RECOMMENDED_NODE = 254
    PRIVATE_EXTENSION = 255
