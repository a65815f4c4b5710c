/**
 * Packets that the switch takes for itself before any table's actions see them. Mirrors process_special() of
 * ofproto-dpif-xlate.c. Of OVS's protocols there is LACP so far.
 */
import { OFF_ETH_TYPE } from '#flowtable/flow-key.js';
import type { SwitchPort } from '../bundle.js';
import { ETH_TYPE_LACP } from '../lacp/pdu.js';
import type { Translation } from './translation.js';

/** True when the packet, which came in by the port, has been dealt with: every one like it must come up. */
export function processSpecial(t: Translation, port: SwitchPort): boolean {
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
