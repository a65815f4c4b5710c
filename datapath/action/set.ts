/**
 * set and set_masked: writes fields of one header, or of the metadata. Each attribute has its file; this one tells
 * them apart. Where a packet does not have the header, the action does nothing, as in lib/odp-execute.c: the flow
 * that holds it matches only packets that have it.
 */
import type { DpAction } from '../dpif.js';
import type { ProgramBuilder } from './program.js';
import { compileSetArp } from './set-arp.js';
import { compileSetEth } from './set-eth.js';
import { compileSetIcmp } from './set-icmp.js';
import { compileSetIpv4 } from './set-ipv4.js';
import { compileSetIpv6 } from './set-ipv6.js';
import { compileSetMark, compileSetPriority, compileSetTunnel } from './set-metadata.js';
import { compileSetMpls } from './set-mpls.js';
import { compileSetNd } from './set-nd.js';
import { compileSetNdExt } from './set-nd-ext.js';
import { compileSetNsh } from './set-nsh.js';
import { compileSetSctp, compileSetTcp, compileSetUdp } from './set-transport.js';

export type SetAction = Extract<DpAction, { kind: 'set' }>;

export function compileSet(action: SetAction, builder: ProgramBuilder): void {
  switch (action.attribute) {
    case 'skb_priority':
      compileSetPriority(action, builder);
      return;
    case 'skb_mark':
      compileSetMark(action, builder);
      return;
    case 'tunnel':
      compileSetTunnel(action, builder);
      return;
    case 'eth':
      compileSetEth(action, builder);
      return;
    case 'ipv4':
      compileSetIpv4(action, builder);
      return;
    case 'ipv6':
      compileSetIpv6(action, builder);
      return;
    case 'tcp':
      compileSetTcp(action, builder);
      return;
    case 'udp':
      compileSetUdp(action, builder);
      return;
    case 'sctp':
      compileSetSctp(action, builder);
      return;
    case 'icmp':
    case 'icmpv6':
      compileSetIcmp(action, builder);
      return;
    case 'arp':
      compileSetArp(action, builder);
      return;
    case 'nd':
      compileSetNd(action, builder);
      return;
    case 'nd_ext':
      compileSetNdExt(action, builder);
      return;
    case 'mpls':
      compileSetMpls(action, builder);
      return;
    case 'nsh':
      compileSetNsh(action, builder);
      return;
    default: {
      const unknown: never = action.attribute;
      throw new Error(`set of an unknown attribute: ${String(unknown)}`);
    }
  }
}
