/**
 * Which helper's control connection does a packet belong to?
 *
 * Mirrors get_alg_ctl_type() of lib/conntrack.c: the well-known port decides, and where the action names a helper, the
 * port that the packet goes to takes the place of it. OVS looks at the port of the packet that made the megaflow; here
 * it is the packet's own.
 */
import { IP_PROTO_TCP, IP_PROTO_UDP } from '../packet/ipv4.js';
import { readU16 } from '../packet/byte-order.js';
import type { CtHelper } from './ct-request.js';

const FTP_PORT = 21;
const TFTP_PORT = 69;

/** `port` is the destination port in the packet's flow key, `named` the helper that the action names. */
export function helperOf(
  bytes: Uint8Array,
  ip: number,
  transport: number,
  isIpv6: boolean,
  named: CtHelper | null,
  port: number,
): CtHelper | null {
  // Behind extension headers of IPv6 no helper is looked for.
  const protocol = bytes[ip + (isIpv6 ? 6 : 9)]!;
  if (protocol === IP_PROTO_UDP) {
    const tftpPort = named === 'tftp' && port !== 0 ? port : TFTP_PORT;
    return readU16(bytes, transport + 2) === tftpPort ? 'tftp' : null;
  }
  if (protocol !== IP_PROTO_TCP) return null;
  const ftpPort = named === 'ftp' && port !== 0 ? port : FTP_PORT;
  return readU16(bytes, transport) === FTP_PORT || readU16(bytes, transport + 2) === ftpPort ? 'ftp' : null;
}
