/** A tracker with a clock that stands still, and frames sent through it one by one. */

import type { ConnectionEntry } from '#datapath/conntrack/connection-entry.js';
import { ConnectionTracker } from '#datapath/conntrack/connection-tracker.js';
import { readCtState } from '#datapath/conntrack/ct-metadata.js';
import { type CtRequest, PLAIN_CT_REQUEST } from '#datapath/conntrack/ct-request.js';
import { FragmentTracker } from '#datapath/conntrack/fragment-tracker.js';
import { extractPacket, MAX_VLAN_HEADERS, resetMetadata } from '#datapath/flow-extract.js';
import { type Packet, PacketPool } from '#datapath/packet-buffer.js';
import { DATAPATH_WORDS, FlowKey } from '#flowtable/flow-key.js';
import { SeededRng } from '#src/sim/rng.js';
import { formatConnection } from '#src/vswitchd/odp/conntrack-text.js';

const STATE_NAMES = ['new', 'est', 'rel', 'rpl', 'inv', 'trk', 'snat', 'dnat'];

/** `+est+rpl+trk` as `est|rpl|trk`, in OVS's order. */
export function stateText(state: number): string {
  return STATE_NAMES.filter((_, bit) => (state & (1 << bit)) !== 0).join('|');
}

export interface Tracked {
  readonly state: string;
  readonly frame: Uint8Array;
  readonly key: FlowKey;
}

export class TrackedFrames {
  nowMs = 1000;
  readonly tracker: ConnectionTracker;
  readonly fragments: FragmentTracker;
  readonly pool = new PacketPool(2, 4096);
  readonly packet: Packet;

  constructor(settings: { maxConnections?: number; seed?: number } = {}) {
    const clock = { nowNs: () => this.nowMs * 1e6 };
    this.tracker = new ConnectionTracker({
      clock,
      rng: new SeededRng(settings.seed ?? 1),
      ...(settings.maxConnections === undefined ? {} : { maxConnections: settings.maxConnections }),
    });
    this.fragments = new FragmentTracker(this.tracker, clock);
    this.packet = this.pool.acquire()!;
  }

  /** A fresh frame through the ct actions, one after another, with extraction in between as recirculation does it. */
  send(frame: Uint8Array, ...requests: readonly Partial<CtRequest>[]): Tracked {
    const { packet, pool } = this;
    pool.load(packet, frame);
    resetMetadata(packet.words, packet.row, 0);
    for (const request of requests) {
      extractPacket(packet.view, packet.start, packet.length, packet.words, packet.row, MAX_VLAN_HEADERS);
      this.tracker.execute(packet, packet, { ...PLAIN_CT_REQUEST, ...request });
    }
    extractPacket(packet.view, packet.start, packet.length, packet.words, packet.row, MAX_VLAN_HEADERS);
    const key = new FlowKey();
    key.words.set(packet.words.subarray(packet.row, packet.row + DATAPATH_WORDS));
    return { state: stateText(readCtState(packet.words, packet.row)), frame: packet.copyBytes(), key };
  }

  /** A frame that may be a fragment through one ct action: state and bytes from the EtherType on of all that goes on. */
  sendAll(frame: Uint8Array, request: Partial<CtRequest>): readonly string[] {
    const { packet, pool } = this;
    pool.load(packet, frame);
    resetMetadata(packet.words, packet.row, 0);
    extractPacket(packet.view, packet.start, packet.length, packet.words, packet.row, MAX_VLAN_HEADERS);
    const sent: string[] = [];
    const show = (bytes: Uint8Array, words: Int32Array, row: number): void => {
      sent.push(`${readCtState(words, row)} ${Buffer.from(bytes.subarray(12)).toString('hex')}`);
    };
    const isSent = this.fragments.execute(packet, { ...PLAIN_CT_REQUEST, ...request }, (bytes, row) =>
      show(bytes, row, 0),
    );
    if (isSent)
      sent.unshift(
        `${readCtState(packet.words, packet.row)} ${Buffer.from(packet.copyBytes().subarray(12)).toString('hex')}`,
      );
    return sent;
  }

  entries(zone: number | null = null): readonly ConnectionEntry[] {
    return [...this.tracker.entries(zone)];
  }

  /** The dump, sorted because OVS's has no order. */
  dump(options: { isVerbose?: boolean; hasStatistics?: boolean } = {}): readonly string[] {
    return this.entries()
      .map((entry) => formatConnection(entry, options))
      .sort();
  }
}
