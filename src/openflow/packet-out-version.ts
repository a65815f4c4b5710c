/** The actions of a packet-out as a version of OpenFlow carries them; throws what a switch answers to bad ones. */
import { Match } from '#flowtable/match.js';
import { actionsInVersion, checkActions } from './action/action-list.js';
import type { Action } from './action/action.js';
import type { OpenFlowVersion } from './protocol.js';
import { OpenFlowError } from './switch-connection.js';

export function actionsForPacketOut(
  actions: readonly Action[],
  inPort: number,
  version: OpenFlowVersion,
): readonly Action[] {
  const match = new Match();
  match.set('in_port', BigInt(inPort));
  const received = actionsInVersion(actions, version, match);
  // What the packet is shows only when it is parsed, so prerequisites are not looked at.
  for (const action of received) {
    if (action.kind !== 'output') continue;
    const { error } = checkActions([action], { match, tableId: 255, tableCount: 255 });
    if (error !== null) throw new OpenFlowError(error);
  }
  return received;
}
