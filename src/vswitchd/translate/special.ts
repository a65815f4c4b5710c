/**
 * Packets that the switch takes for itself before any table's actions see them. Mirrors process_special() of
 * ofproto-dpif-xlate.c. Of OVS's protocols LLDP is left out.
 */
import { OFF_ETH_DST, OFF_ETH_TYPE } from '#flowtable/flow-key.js';
import { setExact } from '#flowtable/flow-mask.js';
import type { SwitchPort } from '../bundle.js';
import { ETH_TYPE_LACP } from '../lacp/pdu.js';
import { isBfdPacket, isCfmPacket } from './monitor-packet.js';
import { isStp } from './packet-kind.js';
import type { Translation } from './translation.js';

/** True when the packet, which came in by the port, has been dealt with: every one like it must come up. */
export function processSpecial(t: Translation, port: SwitchPort): boolean {
  return takeMonitorPacket(t, port) || takeLacp(t, port) || takeBpdu(t, port);
}

function takeMonitorPacket(t: Translation, port: SwitchPort): boolean {
  const { packet } = t.input;
  if (isCfmPacket(port, t.flow, t.wc)) {
    if (packet !== null) port.cfm!.receive(packet);
    t.slowReasons.add('cfm');
    return true;
  }
  if (isBfdPacket(port, t.flow, t.wc)) {
    if (packet !== null) port.bfd!.receive(packet);
    t.slowReasons.add('bfd');
    return true;
  }
  return false;
}

function takeLacp(t: Translation, port: SwitchPort): boolean {
  const { bundle } = port;
  const { packet } = t.input;
  if (bundle === null || bundle.lacp === null || t.flow.u16(OFF_ETH_TYPE) !== ETH_TYPE_LACP) return false;
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
