/**
 * Packets that the switch takes for itself before any table's actions see them. Mirrors process_special() of
 * ofproto-dpif-xlate.c. Of OVS's protocols there are LACP and those of spanning trees so far.
 */
import { OFF_ETH_DST, OFF_ETH_TYPE } from '#flowtable/flow-key.js';
import { setExact } from '#flowtable/flow-mask.js';
import type { SwitchPort } from '../bundle.js';
import { ETH_TYPE_LACP } from '../lacp/pdu.js';
import { isStp } from './packet-kind.js';
import type { Translation } from './translation.js';

/** True when the packet, which came in by the port, has been dealt with: every one like it must come up. */
export function processSpecial(t: Translation, port: SwitchPort): boolean {
  return takeLacp(t, port) || takeBpdu(t, port);
}

function takeLacp(t: Translation, port: SwitchPort): boolean {
  const { bundle } = port;
  if (bundle === null || bundle.lacp === null || t.flow.u16(OFF_ETH_TYPE) !== ETH_TYPE_LACP) return false;
  const { packet } = t.input;
  if (packet !== null && bundle.lacp.receive(port, packet, t.bridge.nowMs)) {
    const member = bundle.bond?.memberOf(port);
    // Packets of now are taken, although the member is enabled a little later.
    if (member !== undefined) member.mayEnable = true;
  }
  t.slowReasons.add('lacp');
  return true;
}

/** A bridge with a spanning tree keeps BPDUs to itself, whether the port they came by takes part or not. */
function takeBpdu(t: Translation, port: SwitchPort): boolean {
  const { tree } = t.bridge;
  if (tree === null) return false;
  setExact(t.wc, OFF_ETH_DST, 6);
  if (!isStp(t.flow)) return false;
  if (t.input.packet !== null) tree.receive(port, t.input.packet);
  t.slowReasons.add('stp');
  return true;
}
