/**
 * Link types: how the bytes of a captured frame begin (https://www.tcpdump.org/linktypes.html). The table names those
 * that people meet, so that a refusal can say what a capture holds; the ones that can be replayed are in
 * `ethernet-frame.ts`.
 */
export const LINKTYPE_NULL = 0;
export const LINKTYPE_ETHERNET = 1;
/** DLT_RAW as some systems wrote it into files. */
export const LINKTYPE_RAW_12 = 12;
export const LINKTYPE_RAW_14 = 14;
export const LINKTYPE_RAW = 101;
export const LINKTYPE_LOOP = 108;
export const LINKTYPE_LINUX_SLL = 113;
export const LINKTYPE_IPV4 = 228;
export const LINKTYPE_IPV6 = 229;
export const LINKTYPE_LINUX_SLL2 = 276;

const NAMES: ReadonlyMap<number, string> = new Map([
  [LINKTYPE_NULL, 'BSD loopback'],
  [LINKTYPE_ETHERNET, 'Ethernet'],
  [3, 'AX.25'],
  [6, 'Token Ring'],
  [7, 'ARCNET'],
  [8, 'SLIP'],
  [9, 'PPP'],
  [10, 'FDDI'],
  [LINKTYPE_RAW_12, 'raw IP'],
  [LINKTYPE_RAW_14, 'raw IP'],
  [50, 'PPP in HDLC-like framing'],
  [51, 'PPPoE'],
  [100, 'LLC/SNAP-encapsulated ATM'],
  [LINKTYPE_RAW, 'raw IP'],
  [104, 'Cisco HDLC'],
  [105, 'IEEE 802.11'],
  [107, 'Frame Relay'],
  [LINKTYPE_LOOP, 'OpenBSD loopback'],
  [LINKTYPE_LINUX_SLL, 'Linux cooked'],
  [114, 'LocalTalk'],
  [117, 'OpenBSD pflog'],
  [119, 'IEEE 802.11 with Prism header'],
  [122, 'IP over Fibre Channel'],
  [123, 'SunATM'],
  [127, 'IEEE 802.11 with radiotap header'],
  [129, 'ARCNET, Linux'],
  [138, 'IP over IEEE 1394'],
  [139, 'SS7 MTP2 with pseudo-header'],
  [140, 'SS7 MTP2'],
  [141, 'SS7 MTP3'],
  [142, 'SS7 SCCP'],
  [143, 'DOCSIS'],
  [144, 'Linux IrDA'],
  [147, 'user-defined 0'],
  [163, 'IEEE 802.11 with AVS header'],
  [165, 'BACnet MS/TP'],
  [166, 'PPP, pppd'],
  [177, 'Linux LAPD'],
  [187, 'Bluetooth HCI'],
  [189, 'Linux USB'],
  [192, 'Per-Packet Information'],
  [195, 'IEEE 802.15.4'],
  [197, 'Endace ERF'],
  [201, 'Bluetooth HCI with pseudo-header'],
  [203, 'LAPD'],
  [204, 'PPP with direction'],
  [205, 'Cisco HDLC with direction'],
  [220, 'Linux USB, padded'],
  [224, 'Fibre Channel FC-2'],
  [226, 'Solaris IP network'],
  [227, 'CAN'],
  [LINKTYPE_IPV4, 'raw IPv4'],
  [LINKTYPE_IPV6, 'raw IPv6'],
  [230, 'IEEE 802.15.4 without FCS'],
  [231, 'D-Bus'],
  [239, 'Linux netfilter log'],
  [240, 'Hilscher netANALYZER'],
  [242, 'IP over InfiniBand'],
  [243, 'MPEG-2 transport stream'],
  [247, 'InfiniBand'],
  [248, 'SCTP'],
  [249, 'USBPcap'],
  [251, 'Bluetooth Low Energy'],
  [252, 'Wireshark upper PDU'],
  [253, 'Linux netlink'],
  [254, 'Bluetooth Linux monitor'],
  [258, 'Apple PKTAP'],
  [271, 'vSocket'],
  [LINKTYPE_LINUX_SLL2, 'Linux cooked v2'],
]);

/** `PPP (link type 9)`, or `unknown link type 999`. */
export const describeLinkType = (linkType: number): string => {
  const name = NAMES.get(linkType);
  return name === undefined ? `unknown link type ${linkType}` : `${name} (link type ${linkType})`;
};
