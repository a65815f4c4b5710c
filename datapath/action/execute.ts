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

import type { UserspaceCookie } from '../dpif.js';
import type { CtRequest } from '../conntrack/ct-request.js';
import { DROP_REASON_CODES } from '../drop-reason.js';
import type { Packet } from '../packet-buffer.js';
import type { StatefulActions } from '../stateful-actions.js';
import { runTunnelPop, runTunnelPush, type TunnelHost } from '../tunnel-actions.js';
import { addMpls } from './add-mpls.js';
import { isLongerThan } from './check-pkt-len.js';
import { isSampled } from './clone.js';
import { hashPacket, needsFreshKey } from './hash.js';
import { chooseBondPort } from './lb-output.js';
import { popEth } from './pop-eth.js';
import { popMpls } from './pop-mpls.js';
import { popNsh } from './pop-nsh.js';
import { popVlan } from './pop-vlan.js';
import {
  type ActionProgram,
  OP_ADD_MPLS,
  OP_CHECK_PKT_LEN,
  OP_CLONE,
  OP_CT,
  OP_CT_CLEAR,
  OP_DROP,
  OP_HASH,
  OP_LB_OUTPUT,
  OP_METER,
  OP_OUTPUT,
  OP_POP_ETH,
  OP_POP_MPLS,
  OP_POP_NSH,
  OP_POP_VLAN,
  OP_PUSH_ETH,
  OP_PUSH_MPLS,
  OP_PUSH_NSH,
  OP_PUSH_VLAN,
  OP_RECIRC,
  OP_SAMPLE,
  OP_SET_ARP,
  OP_SET_ETH,
  OP_SET_ICMP,
  OP_SET_IPV4,
  OP_SET_IPV6,
  OP_SET_METADATA,
  OP_SET_MPLS,
  OP_SET_ND,
  OP_SET_ND_EXT,
  OP_SET_NSH,
  OP_SET_SCTP,
  OP_SET_TCP,
  OP_SET_TUNNEL,
  OP_SET_TUNNEL_OPTIONS,
  OP_SET_UDP,
  OP_TNL_POP,
  OP_TNL_PUSH,
  OP_TRUNC,
  OP_USERSPACE,
  OPERAND_COUNT,
} from './program.js';
import { pushEth } from './push-eth.js';
import { pushMpls } from './push-mpls.js';
import { pushNsh } from './push-nsh.js';
import { pushVlan } from './push-vlan.js';
import { setArp } from './set-arp.js';
import { setEth } from './set-eth.js';
import { setIcmp } from './set-icmp.js';
import { setIpv4 } from './set-ipv4.js';
import { setIpv6 } from './set-ipv6.js';
import { setMetadata, setTunnel, setTunnelOptions } from './set-metadata.js';
import { setMpls } from './set-mpls.js';
import { setNd } from './set-nd.js';
import { setNdExt } from './set-nd-ext.js';
import { setNsh } from './set-nsh.js';
import { setSctp, setTcp, setUdp } from './set-transport.js';
import { cutSize } from './trunc.js';

export interface ActionTarget extends TunnelHost {
  readonly stateful: StatefulActions;
  /** Time of the packet. */
  readonly nowNs: number;
  output(packet: Packet, port: number): void;
  /** cut: so many bytes at the end of the frame do not go up. */
  sendUserspace(packet: Packet, cookie: UserspaceCookie, cut: number): void;
  /** isLast: nothing is to be done with the packet afterwards, so it may be used up. */
  recirculate(packet: Packet, recircWord: number, isLast: boolean): void;
}

export function executeActions(target: ActionTarget, packet: Packet, program: ActionProgram): void {
  if (program.code.length === 0) target.drop(packet, 'flow-drop');
  else runProgram(target, packet, program, 0);
}

/** outerCut: bytes that a trunc before the list takes from its first output. first: where in the program to begin. */
function runProgram(target: ActionTarget, packet: Packet, program: ActionProgram, outerCut: number, first = 0): void {
  const { code } = program;
  const end = code.length;
  let cut = outerCut;
  let at = first;
  while (at < end) {
    const op = code[at]!;
    const operand = at + 1;
    at = operand + OPERAND_COUNT[op]!;
    switch (op) {
      case OP_OUTPUT:
        packet.length -= cut;
        target.output(packet, code[operand]!);
        packet.length += cut;
        cut = 0;
        continue;
      case OP_USERSPACE:
        target.sendUserspace(packet, program.cookies[code[operand]!]!, cut);
        cut = 0;
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
      case OP_SET_TUNNEL_OPTIONS:
        setTunnelOptions(packet, code, operand);
        continue;
      case OP_TRUNC:
        cut = cutSize(packet.length, code[operand]!);
        continue;
      case OP_HASH:
        if (needsFreshKey(packet, code[operand]!)) target.refresh(packet);
        hashPacket(packet, code[operand]!, code[operand + 1]!);
        continue;
      case OP_CT_CLEAR:
        target.stateful.forget(packet);
        continue;
      case OP_CLONE:
        runNested(target, packet, program.nested[code[operand]!]!, at === end, cut);
        cut = 0;
        continue;
      case OP_SAMPLE:
        if (isSampled(target.stateful.random32(), code[operand]!)) {
          runNested(target, packet, program.nested[code[operand + 1]!]!, at === end, 0);
        } else if (at === end) target.drop(packet, 'not-sampled');
        continue;
      case OP_CHECK_PKT_LEN: {
        const branch = isLongerThan(packet, code[operand]!, cut) ? 1 : 2;
        runNested(target, packet, program.nested[code[operand + branch]!]!, at === end, 0);
        continue;
      }
      case OP_METER: {
        const death = target.stateful.meter(packet, code[operand]!, target.nowNs);
        if (death === null) continue;
        target.drop(packet, death);
        return;
      }
      case OP_CT: {
        const request = program.requests[code[operand]!]!;
        if (!target.stateful.isPlain(packet)) {
          if (gatherFragment(target, packet, program, request, at)) continue;
          return;
        }
        const death = target.stateful.track(packet, request);
        if (death === null) continue;
        target.drop(packet, death);
        return;
      }
      case OP_LB_OUTPUT:
        if (needsFreshKey(packet, 0)) target.refresh(packet);
        packet.length -= cut;
        target.output(packet, chooseBondPort(packet, target.stateful.bonds, code[operand]!));
        packet.length += cut;
        cut = 0;
        continue;
      case OP_TNL_POP:
        runTunnelPop(target, packet, code[operand]!, at === end, cut);
        cut = 0;
        continue;
      default:
    }
    if (!target.pool.own(packet)) {
      target.drop(packet, 'frame-too-long');
      return;
    }
    switch (op) {
      case OP_PUSH_VLAN:
        if (pushVlan(packet, code[operand]!)) continue;
        target.drop(packet, 'vlan-depth');
        return;
      case OP_POP_VLAN:
        popVlan(packet);
        continue;
      case OP_PUSH_MPLS:
        if (pushMpls(packet, code[operand]!, code[operand + 1]!)) continue;
        target.drop(packet, 'no-header-room');
        return;
      case OP_POP_MPLS:
        popMpls(packet, code[operand]!);
        continue;
      case OP_TNL_PUSH:
        packet.length -= cut;
        cut = 0;
        if (runTunnelPush(target, packet, program.pushes[code[operand]!]!)) continue;
        return;
      case OP_PUSH_ETH:
        if (pushEth(target.pool, packet, code, operand)) continue;
        target.drop(packet, 'malformed-action');
        return;
      case OP_POP_ETH:
        if (popEth(packet)) continue;
        target.drop(packet, 'malformed-action');
        return;
      case OP_PUSH_NSH:
        if (pushNsh(target.pool, packet, program.headers[code[operand]!]!)) continue;
        target.drop(packet, 'malformed-action');
        return;
      case OP_POP_NSH:
        if (popNsh(packet)) continue;
        target.drop(packet, 'malformed-action');
        return;
      case OP_ADD_MPLS:
        if (addMpls(target.pool, packet, code[operand]!, code[operand + 1]!)) continue;
        target.drop(packet, 'no-header-room');
        return;
      default:
        changeHeader(op, packet, code, operand);
    }
  }
}

/** Tracks a packet besides fragments; false when it is held or died. The rest of the actions is for all that goes on. */
function gatherFragment(
  target: ActionTarget,
  packet: Packet,
  program: ActionProgram,
  request: CtRequest,
  next: number,
): boolean {
  if (target.pool.own(packet)) {
    return target.stateful.gather(packet, request, (fragment) => runProgram(target, fragment, program, 0, next));
  }
  target.drop(packet, 'frame-too-long');
  return false;
}

/** Runs a list within an action on a copy of the packet, or on the packet itself where nothing follows. */
function runNested(target: ActionTarget, packet: Packet, program: ActionProgram, isLast: boolean, cut: number): void {
  if (program.code.length === 0) {
    if (isLast) target.drop(packet, 'flow-drop');
  } else if (isLast) runProgram(target, packet, program, cut);
  else {
    const copy = target.stateful.copy(packet);
    if (copy === null) {
      target.drop(packet, 'no-packet-buffer');
      return;
    }
    try {
      runProgram(target, copy, program, cut);
    } finally {
      target.pool.release(copy);
    }
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
    case OP_SET_ND_EXT:
      setNdExt(packet, code, operand);
      return;
    case OP_SET_MPLS:
      setMpls(packet, code, operand);
      return;
    case OP_SET_NSH:
      setNsh(packet, code, operand);
      return;
    default:
      throw new Error(`no action has opcode ${op}`);
  }
}
