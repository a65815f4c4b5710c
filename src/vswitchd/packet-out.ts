/**
 * Packets that a controller sends, alone or in a bundle. Mirrors packet_xlate() and packet_execute_prepare() of
 * ofproto-dpif.c.
 *
 * The packet is translated with a version of the tables: within a bundle with the one that the messages before it have
 * made. What it teaches the switch belongs to the revision; what it counts for follows when that is current; only then
 * does it leave.
 */
import { OpenFlowError, type PacketOut } from '#src/openflow/switch-connection.js';
import { checkReferences } from './action-references.js';
import type { Bridge } from './bridge.js';
import { learnWithin } from './learned-rules.js';
import type { Revision } from './revision.js';
import { giveCredit } from './translate/credit.js';

/** Returns what sends the packet. Throws OpenFlowError where its actions will not do. */
export function startPacketOut(bridge: Bridge, message: PacketOut, version: number, revision: Revision): () => void {
  checkReferences(bridge, message.actions);
  const { outcome, stats, send } = bridge.backer.translatePacketOut(bridge, message, { version });
  if (outcome.error !== null) throw new OpenFlowError('OFPFMFC_UNKNOWN');
  const credits = outcome.credits.filter((credit) => credit.kind !== 'learned-rule');
  for (const credit of outcome.credits) {
    if (credit.kind === 'learned-rule') learnWithin(revision, credit.bridge, credit.request);
  }
  revision.afterwards(() => giveCredit(credits, stats));
  return send;
}
