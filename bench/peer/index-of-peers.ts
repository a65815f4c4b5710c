/** The peers by name. */
import { openCKernel } from './c-kernel.js';
import { openOvsDpdk } from './ovs-dpdk.js';
import type { Peer, PeerName } from './peer.js';

/** Throws PeerMissing where it is not there. */
export function openPeer(name: PeerName): Promise<Peer> {
  switch (name) {
    case 'ovs-dpdk':
      return openOvsDpdk();
    case 'c':
      return openCKernel();
  }
}
