/** A C kernel of the same work, compiled by a developer: named here, so that whoever asks is told, until it is there. */
import { type Peer, PeerMissing } from './peer.js';

export async function openCKernel(): Promise<Peer> {
  throw new PeerMissing('not built yet: there is no C kernel');
}
