/**
 * The bits of ct_state: what connection tracking says of one packet.
 *
 * Mirrors CS_* of include/openvswitch/flow.h, which are also the bits of the OpenFlow field ct_state. Before a packet
 * has been tracked all are zero; afterwards CS_TRACKED is always set.
 */

/** The packet begins a connection, or belongs to one that has seen no reply. */
export const CS_NEW = 0x01;
export const CS_ESTABLISHED = 0x02;
/** An ICMP error about a connection, or a connection that another one announced (FTP data). */
export const CS_RELATED = 0x04;
export const CS_REPLY_DIR = 0x08;
export const CS_INVALID = 0x10;
export const CS_TRACKED = 0x20;
export const CS_SRC_NAT = 0x40;
export const CS_DST_NAT = 0x80;

export const CS_NAT_MASK = CS_SRC_NAT | CS_DST_NAT;
