/**
 * Datapath actions as text: `set(ipv4(src=10.0.0.1)),push_vlan(vid=5,pcp=0),2`, and `drop` for none.
 * Mirrors format_odp_actions() of lib/odp-util.c. Deliberately different: a drop is printed without its reason, as OVS
 * does; the reason is in the drop counters.
 */
import type { DpAction, SetAttribute } from '#datapath/dpif.js';
import { type FlowKey, OFF_PKT_MARK, OFF_SKB_PRIORITY } from '#flowtable/flow-key.js';
import { formatHex } from '#src/openflow/number-text.js';
import type { PortNames } from '#src/openflow/ports.js';
import { formatMac } from './address-text.js';
import { formatMembers } from './odp-attributes.js';
import { formatConntrack } from './odp-conntrack-format.js';
import { formatMpls, formatOdpPort, formatVlanTci, formatNdExtensions } from './odp-format.js';
import { formatNsh, formatPushNsh } from './odp-nsh.js';
import { formatTunnel } from './odp-tunnel.js';
import { formatTunnelPush } from './odp-tunnel-push.js';
import { formatUserspace } from './odp-userspace.js';

export interface OdpActionsFormatOptions {
  /** Names for the ports that actions output to; numbers without. */
  readonly portNames?: PortNames;
}

const ETH_TYPE_VLAN = 0x8100;

export function formatOdpActions(actions: readonly DpAction[], options: OdpActionsFormatOptions = {}): string {
  return formatList(actions, options.portNames);
}

function formatList(actions: readonly DpAction[], names: PortNames | undefined): string {
  return actions.map((action) => formatOdpAction(action, names)).join(',') || 'drop';
}

function formatOdpAction(action: DpAction, names: PortNames | undefined): string {
  switch (action.kind) {
    case 'output':
      return formatOdpPort(action.port, names);
    case 'userspace':
      return formatUserspace(action, names);
    case 'set':
      return `set(${formatSet(action.attribute, action.value, action.mask)})`;
    case 'push_vlan': {
      const tpid = action.tpid === ETH_TYPE_VLAN ? '' : `tpid=0x${action.tpid.toString(16).padStart(4, '0')},`;
      return `push_vlan(${tpid}${formatVlanTci(action.tci, 0xffff, false)})`;
    }
    case 'pop_vlan':
      return 'pop_vlan';
    case 'recirc':
      return `recirc(${formatHex(action.id)})`;
    case 'drop':
      return 'drop';
    case 'trunc':
      return `trunc(${action.maxLen})`;
    case 'clone':
      return `clone(${formatList(action.actions, names)})`;
    case 'sample': {
      const percentage = (100 * action.probability) / 0xffffffff;
      return `sample(sample=${percentage.toFixed(1)}%,actions(${formatList(action.actions, names)}))`;
    }
    case 'hash':
      return `hash(${action.algorithm === 0 ? 'l4' : 'sym_l4'}(${action.basis}))`;
    case 'check_pkt_len':
      return (
        `check_pkt_len(size=${action.size},gt(${formatList(action.greater, names)})` +
        `,le(${formatList(action.lessOrEqual, names)}))`
      );
    case 'push_mpls':
      return `push_mpls(${formatLabel(action.lse)},eth_type=0x${action.ethertype.toString(16)})`;
    case 'pop_mpls':
      return `pop_mpls(eth_type=0x${action.ethertype.toString(16)})`;
    case 'add_mpls':
      return `add_mpls(${formatLabel(action.lse)},eth_type=0x${action.ethertype.toString(16)})`;
    case 'push_eth':
      return `push_eth(src=${formatMac(action.source, 0)},dst=${formatMac(action.destination, 0)})`;
    case 'pop_eth':
      return 'pop_eth';
    case 'push_nsh':
      return formatPushNsh(action.header);
    case 'pop_nsh':
      return 'pop_nsh()';
    case 'meter':
      return `meter(${action.id})`;
    case 'ct':
      return formatConntrack(action);
    case 'ct_clear':
      return 'ct_clear';
    case 'tnl_push':
      return formatTunnelPush(action, names);
    case 'lb_output':
      return `lb_output(${action.bond})`;
    case 'tnl_pop':
      return `tnl_pop(${formatOdpPort(action.port, names)})`;
  }
}

/** RFC 3032 §2.1. */
function formatLabel(lse: number): string {
  return `label=${lse >>> 12},tc=${(lse >>> 9) & 7},ttl=${lse & 0xff},bos=${(lse >>> 8) & 1}`;
}

/** A set of all bits shows every member, a masked one only those that it writes. */
function formatSet(attribute: SetAttribute, value: FlowKey, mask: FlowKey | null): string {
  switch (attribute) {
    case 'skb_priority':
      return `skb_priority(${formatMasked32(value, mask, OFF_SKB_PRIORITY)})`;
    case 'skb_mark':
      return `skb_mark(${formatMasked32(value, mask, OFF_PKT_MARK)})`;
    case 'tunnel':
      // The datapath has no masked set of tunnel metadata.
      return `tunnel(${formatTunnel(value, null, true)})`;
    case 'nsh':
      return `nsh(${formatNsh(value, mask)})`;
    case 'nd_ext':
      return `nd_ext(${formatNdExtensions(value, mask, false)})`;
    case 'mpls':
      return `mpls(${formatMpls(value, mask, 1)})`;
    default:
      return `${attribute}(${formatMembers(attribute, value, mask, mask === null)})`;
  }
}

function formatMasked32(value: FlowKey, mask: FlowKey | null, offset: number): string {
  const bits = mask === null ? 0xffffffff : mask.u32(offset);
  return formatHex(value.u32(offset)) + (bits === 0xffffffff ? '' : `/${formatHex(bits)}`);
}
