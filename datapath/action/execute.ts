/**
 * Runs a program of actions on a packet. // hot path
 *
 * Mirrors odp_execute_actions() of lib/odp-execute.c and do_execute_actions() of net/openvswitch/actions.c. What needs
 * the datapath (ports, upcalls, another lookup) is asked of an ActionTarget; everything else happens here. The caller
 * keeps the packet: it is released when the program has run.
 *
 * Invariant: bytes that do not belong to the packet are never written. The first action that changes the frame moves
 * a borrowed one into the packet's own slot.
 */
import { DROP_REASON_CODES, type DropReason } from '../drop-reason.js';
import type { UserspaceCookie } from '../dpif.js';
import type { Packet, PacketPool } from '../packet-buffer.js';
import { popVlan } from './pop-vlan.js';
import {
  type ActionProgram,
  OP_DROP,
  OP_OUTPUT,
  OP_POP_VLAN,
  OP_PUSH_VLAN,
  OP_RECIRC,
  OP_SET_ARP,
  OP_SET_ETH,
  OP_SET_ICMP,
  OP_SET_IPV4,
  OP_SET_IPV6,
  OP_SET_METADATA,
  OP_SET_MPLS,
  OP_SET_ND,
  OP_SET_SCTP,
  OP_SET_TCP,
  OP_SET_TUNNEL,
  OP_SET_UDP,
  OP_USERSPACE,
  OPERAND_COUNT,
} from './program.js';
import { pushVlan } from './push-vlan.js';
import { setArp } from './set-arp.js';
import { setEth } from './set-eth.js';
import { setIcmp } from './set-icmp.js';
import { setIpv4 } from './set-ipv4.js';
import { setIpv6 } from './set-ipv6.js';
import { setMetadata, setTunnel } from './set-metadata.js';
import { setMpls } from './set-mpls.js';
import { setNd } from './set-nd.js';
import { setSctp, setTcp, setUdp } from './set-transport.js';

export interface ActionTarget {
  readonly pool: PacketPool;
  output(packet: Packet, port: number): void;
  sendUserspace(packet: Packet, cookie: UserspaceCookie): void;
  /** isLast: nothing is to be done with the packet afterwards, so it may be used up. */
  recirculate(packet: Packet, recircWord: number, isLast: boolean): void;
  drop(packet: Packet, reason: DropReason): void;
}

export function executeActions(target: ActionTarget, packet: Packet, program: ActionProgram): void {
  const { code } = program;
  const end = code.length;
  if (end === 0) {
    target.drop(packet, 'flow-drop');
    return;
  }
  let at = 0;
  while (at < end) {
    const op = code[at]!;
    const operand = at + 1;
    at = operand + OPERAND_COUNT[op]!;
    switch (op) {
      case OP_OUTPUT:
        target.output(packet, code[operand]!);
        continue;
      case OP_USERSPACE:
        target.sendUserspace(packet, program.cookies[code[operand]!]!);
        continue;
      case OP_RECIRC:
        target.recirculate(packet, code[operand]!, at === end);
        continue;
      case OP_DROP:
        target.drop(packet, DROP_REASON_CODES[code[operand]!]!);
        return;
      case OP_SET_METADATA:
        setMetadata(packet, code, operand);
        continue;
      case OP_SET_TUNNEL:
        setTunnel(packet, code, operand);
        continue;
      default:
    }
    if (!target.pool.own(packet)) {
      target.drop(packet, 'frame-too-long');
      return;
    }
    if (op === OP_PUSH_VLAN) {
      if (!pushVlan(packet, code[operand]!)) {
        target.drop(packet, 'vlan-depth');
        return;
      }
    } else if (op === OP_POP_VLAN) popVlan(packet);
    else changeHeader(op, packet, code, operand);
  }
}

function changeHeader(op: number, packet: Packet, code: Int32Array, operand: number): void {
  switch (op) {
    case OP_SET_ETH:
      setEth(packet, code, operand);
      return;
    case OP_SET_IPV4:
      setIpv4(packet, code, operand);
      return;
    case OP_SET_IPV6:
      setIpv6(packet, code, operand);
      return;
    case OP_SET_TCP:
      setTcp(packet, code, operand);
      return;
    case OP_SET_UDP:
      setUdp(packet, code, operand);
      return;
    case OP_SET_SCTP:
      setSctp(packet, code, operand);
      return;
    case OP_SET_ICMP:
      setIcmp(packet, code, operand);
      return;
    case OP_SET_ARP:
      setArp(packet, code, operand);
      return;
    case OP_SET_ND:
      setNd(packet, code, operand);
      return;
    case OP_SET_MPLS:
      setMpls(packet, code, operand);
      return;
    default:
      throw new Error(`no action has opcode ${op}`);
  }
}
