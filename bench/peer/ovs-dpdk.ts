import type { Peer } from './peer.js';
import { PeerMissing } from './peer.js';
export async function openOvsDpdk(): Promise<Peer> {
  throw new PeerMissing('todo');
}
