/**
 * tnl_push and tnl_pop as a datapath does them: which port they are about, and what becomes of the packet. // hot path
 *
 * Mirrors OVS_ACTION_ATTR_TUNNEL_PUSH and _POP of dp_execute_cb() in lib/dpif-netdev.c.
 */
import { popTunnel } from './action/tnl-pop.js';
import { pushTunnel } from './action/tnl-push.js';
import type { TunnelPushAction } from './dpif.js';
import type { DropReason } from './drop-reason.js';
import type { Packet, PacketPool } from './packet-buffer.js';
import type { VportTable } from './vport-table.js';

/** What they ask of the datapath. */
export interface TunnelHost {
  readonly pool: PacketPool;
  readonly vports: VportTable;
  /** Time of the packet. */
  readonly nowNs: number;
  /** Extracts the key anew if headers have changed. */
  refresh(packet: Packet): void;
  drop(packet: Packet, reason: DropReason): void;
  /** A packet for another lookup: the packet itself or a copy; null when it died instead. */
  enterAgain(packet: Packet, isLast: boolean): Packet | null;
  processAgain(again: Packet, packet: Packet): void;
}

/** False when the packet has died. The key is that of the outer headers afterwards. */
export function runTunnelPush(host: TunnelHost, packet: Packet, action: TunnelPushAction): boolean {
  const vport = host.vports.ports[action.port];
  if (vport === undefined || !pushTunnel(host.pool, packet, action, vport.takeSequence(action), host.nowNs)) {
    host.drop(packet, vport === undefined ? 'no-vport' : 'no-header-room');
    return false;
  }
  host.refresh(packet);
  return true;
}

/** cut: so many bytes at the end of the frame are not looked at. */
export function runTunnelPop(host: TunnelHost, packet: Packet, port: number, isLast: boolean, cut: number): void {
  const vport = host.vports.ports[port];
  if (vport === undefined) {
    host.drop(packet, 'no-vport');
    return;
  }
  const inner = host.enterAgain(packet, isLast);
  if (inner === null) return;
  inner.length -= cut;
  inner.isChanged ||= cut > 0;
  host.refresh(inner);
  const death = popTunnel(inner, vport.type);
  if (death === null) {
    inner.words[inner.row] = vport.portWord;
    host.processAgain(inner, packet);
    return;
  }
  host.drop(inner, death);
  if (inner !== packet) host.pool.release(inner);
}
