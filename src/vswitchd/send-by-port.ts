/** Sends a packet that the switch has made out of a port, past all tables. Mirrors ofproto_dpif_send_packet(). */
import { fieldNamed } from '#flowtable/fields.js';
import type { Action } from '#src/openflow/action/action.js';
import { setWholeField } from '#src/openflow/action/set-field.js';
import { OFPP_NONE } from '#src/openflow/ports.js';
import type { SwitchPort } from './bundle.js';

const NX_TUN_FLAG_OAM = 1n;
const SET_OAM: Action = setWholeField(fieldNamed('tun_flags'), NX_TUN_FLAG_OAM);

/** isOam: the header of a tunnel, where the port is one, says that it carries operations and maintenance. */
export function sendByPort({ bridge, ofPort }: SwitchPort, packet: Uint8Array, isOam = false): void {
  bridge.backer.packetOut(bridge, {
    packet,
    // Packets from no port are not taken for such as come from outside.
    inPort: OFPP_NONE,
    actions: [...(isOam ? [SET_OAM] : []), { kind: 'output', port: ofPort, maxLen: 0 }],
  });
}
