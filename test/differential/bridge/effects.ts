/**
 * What datapath actions do to a packet, as a list without order: which headers leave by which port. Real OVS floods in
 * the order of hash tables over addresses of memory, which differs from run to run, and pushes and pops tags in between
 * accordingly; two action lists with the same effects are the same answer.
 */
import type { DpAction } from '#datapath/dpif.js';
import {
  type FlowKey,
  OFF_DP_HASH,
  OFF_NSH_FLAGS,
  OFF_PKT_MARK,
  OFF_TUN_ID,
  OFF_USERSPACE,
  OFF_VLAN_TPID,
  OFF_VLAN1_TPID,
} from '#flowtable/flow-key.js';
import { formatOdpActions } from '#src/vswitchd/odp/odp-actions-format.js';
import { parseOdpActions } from '#src/vswitchd/odp/odp-actions-parse.js';
import { isMemberAttribute, MEMBER_ATTRIBUTES, MEMBER_SIZES } from '#src/vswitchd/odp/odp-attributes.js';
import { formatOdpKey } from '#src/vswitchd/odp/odp-format.js';

/** Datapath ports of tunnels: VXLAN and Geneve by UDP port, and GRE's, the first that no dummy port of a case takes. */
const TUNNEL_PORTS: ReadonlySet<number> = new Set([4789, 4830, 4831, 4832, 6081, 7]);
const VXLAN_PORT = 4789;

/** Each output with the packet as it then is, sorted. */
export const effectsOf = (actionsText: string, packet: FlowKey): readonly string[] =>
  effects(parseOdpActions(actionsText), packet, '').sort();

/** hiddenBefore: what was done of which the packet's key shows nothing. */
function effects(actions: readonly DpAction[], packet: FlowKey, hiddenBefore: string): string[] {
  const key = packet.clone();
  const found: string[] = [];
  /** What the packet's key does not show, and all outputs after it have: MPLS labels, tracking, what depends on the length. */
  let hidden = hiddenBefore;
  /** What the next output or recirculation has of actions before it that change no header. */
  let prefix = '';
  for (const action of actions) {
    switch (action.kind) {
      case 'output':
        found.push(
          `${hidden}${prefix}${action.port} ${formatOdpKey(leavingBy(action.port, key), null, { verbose: true })}`,
        );
        prefix = '';
        break;
      case 'userspace':
      case 'sample':
      case 'recirc': {
        // Of several outputs sFlow tells the tag of the last one, which in a flood is any.
        const text = formatOdpActions([action]).replace(/vid=\d+,pcp=\d+(?=,output=2147483)/, 'vid=*');
        // A sample that tells of the tunnel has its header.
        const port = text.includes('tunnel_out_port') ? VXLAN_PORT : null;
        found.push(`${hidden}${prefix}${text} ${formatOdpKey(leavingBy(port, key), null, { verbose: true })}`);
        prefix = '';
        break;
      }
      case 'push_vlan':
        key.bytes.copyWithin(OFF_VLAN1_TPID, OFF_VLAN_TPID, OFF_VLAN_TPID + 4);
        key.setU16(OFF_VLAN_TPID, action.tpid);
        key.setU16(OFF_VLAN_TPID + 2, action.tci);
        break;
      case 'pop_vlan':
        key.bytes.copyWithin(OFF_VLAN_TPID, OFF_VLAN1_TPID, OFF_VLAN1_TPID + 4);
        key.setU32(OFF_VLAN1_TPID, 0);
        break;
      case 'set':
        applySet(key, action);
        break;
      case 'pop_mpls': {
        // A label that goes again leaves nothing behind.
        const pushed = hidden.lastIndexOf('push_mpls(');
        if (pushed >= 0 && hidden.indexOf(' ', pushed) === hidden.length - 1) hidden = hidden.slice(0, pushed);
        else hidden += `${formatOdpActions([action])} `;
        break;
      }
      case 'push_mpls':
      case 'add_mpls':
      case 'push_eth':
      case 'pop_eth':
      case 'push_nsh':
      case 'pop_nsh':
      case 'ct':
      case 'ct_clear':
        hidden += `${formatOdpActions([action])} `;
        break;
      case 'clone':
        // A copy for a bridge beyond a patch port: done without for the last one of a flood, which is any.
        found.push(...effects(action.actions, key, hidden));
        break;
      case 'check_pkt_len': {
        const within = (branch: readonly DpAction[], word: string): void => {
          found.push(...effects(branch, key, `${hidden}${word} than ${action.size} `));
        };
        within(action.greater, 'longer');
        within(action.lessOrEqual, 'no longer');
        break;
      }
      case 'drop':
        break;
      default:
        prefix += `${formatOdpActions([action])} `;
    }
  }
  return found;
}

/** Tunnel metadata means nothing where the packet does not leave by a tunnel: it stays from an earlier output. */
function leavingBy(port: number | null, key: FlowKey): FlowKey {
  if (TUNNEL_PORTS.has(port ?? 0)) return key;
  const plain = key.clone();
  plain.bytes.fill(0, OFF_TUN_ID, OFF_USERSPACE);
  return plain;
}

function applySet(key: FlowKey, action: Extract<DpAction, { kind: 'set' }>): void {
  const { attribute, value, mask } = action;
  const write = (offset: number, size: number): void => {
    for (let i = offset; i < offset + size; i++) {
      const bits = mask === null ? 0xff : mask.bytes[i]!;
      key.bytes[i] = (key.bytes[i]! & ~bits) | (value.bytes[i]! & bits);
    }
  };
  if (isMemberAttribute(attribute)) {
    for (const { offset, format } of MEMBER_ATTRIBUTES[attribute]) write(offset, MEMBER_SIZES[format]);
  } else if (attribute === 'nsh') {
    write(OFF_NSH_FLAGS, OFF_DP_HASH - OFF_NSH_FLAGS);
  } else if (attribute === 'tunnel') {
    write(OFF_TUN_ID, OFF_USERSPACE - OFF_TUN_ID);
  } else {
    write(OFF_PKT_MARK, 8);
  }
}
