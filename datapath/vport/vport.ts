/**
 * What all vports have in common: number, name, MTU, state, counters, and drops by reason. // hot path
 *
 * Mirrors net/openvswitch/vport.c. Counters are from the switch's side: received is what came into the switch.
 * Each type is a subclass in a file of its own and says how a frame leaves.
 */
import type { DropReason } from '../drop-reason.js';
import { DropCounts } from '../drop-counts.js';
import type { FrameObserver, TunnelPushAction, VportInfo, VportType } from '../dpif.js';
import { PACKET_TYPE_WORD } from '../flow-extract.js';
import { swap32 } from '../packet/byte-order.js';
import type { Packet } from '../packet-buffer.js';

export const RX_PACKETS = 0;
export const RX_BYTES = 1;
export const TX_PACKETS = 2;
export const TX_BYTES = 3;
export const RX_DROPPED = 4;
export const TX_DROPPED = 5;
export const RX_ERRORS = 6;
export const TX_ERRORS = 7;
export const COUNTER_COUNT = 8;

const ETH_HEADER_SIZE = 14;
const LE_8021Q = 0x0081;
const LE_8021AD = 0xa888;

export abstract class Vport {
  readonly port: number;
  readonly name: string;
  abstract readonly type: VportType;
  /** The port number as it stands in a flow key. */
  readonly portWord: number;
  mtu: number;
  isUp = true;
  /** Hears of what leaves and what does not; set by the datapath. */
  observer: FrameObserver | null = null;
  /** A part of the counters of all ports (vport-table.ts), put here when the port is added. */
  counters = new Float64Array(COUNTER_COUNT);
  private readonly drops = new DropCounts();
  private nextSequence = 0;

  constructor(port: number, name: string, mtu: number) {
    this.port = port;
    this.name = name;
    this.portWord = swap32(port);
    this.mtu = mtu;
  }

  /** Does the port need the bytes of a frame only, and not the packet's key? */
  readonly takesFrames: boolean = true;

  /** Sends a frame that is up to the port's conditions; returns why it did not leave, or null. */
  protected abstract transmit(packet: Packet): DropReason | null;

  /** What takes frames in place: null for a port whose frames are only counted. Of ports that take frames. */
  readonly sink: FrameTaker | null = null;

  /** Releases what the port holds outside. */
  close(): void {}

  /** The packet leaves by the port, or is counted as dropped here. */
  send(packet: Packet): void {
    const { bytes, start, length } = packet;
    const refusal = this.mayLeave(packet.view, start, length);
    const reason = refusal ?? this.transmit(packet);
    if (refusal === null && reason !== null) this.dropOnSend(reason, TX_ERRORS);
    if (reason === null) this.countSent(length);
    if (this.observer === null) return;
    const frame = bytes.subarray(start, start + length);
    if (reason === null) this.observer.transmitted(this.port, frame);
    else this.observer.dropped(reason, packet.inPort, frame);
  }

  /** Counts the drop and says why the frame may not leave, or null. */
  private mayLeave(view: DataView, start: number, length: number): DropReason | null {
    if (!this.isUp) {
      this.dropOnSend('vport-down', TX_DROPPED);
      return 'vport-down';
    }
    if (length > this.mtu + ETH_HEADER_SIZE && this.isTooLong(view, start, length)) {
      this.dropOnSend('mtu-exceeded', TX_ERRORS);
      return 'mtu-exceeded';
    }
    return null;
  }

  /** The number that a pushed header is to carry: of GRE with sequence numbers each gets the next one. */
  takeSequence(action: TunnelPushAction): number {
    return action.type === 'gre' || action.type === 'erspan' ? this.nextSequence++ : 0;
  }

  private countSent(length: number): void {
    this.counters[TX_PACKETS] = this.counters[TX_PACKETS]! + 1;
    this.counters[TX_BYTES] = this.counters[TX_BYTES]! + length;
  }

  countReceived(length: number): void {
    this.counters[RX_PACKETS] = this.counters[RX_PACKETS]! + 1;
    this.counters[RX_BYTES] = this.counters[RX_BYTES]! + length;
  }

  /** Counts a drop that no interface counter shows, like a flow without actions. */
  countDrop(reason: DropReason): void {
    this.drops.add(reason);
  }

  /** Counts a drop of a frame that came in here, under the reason and the interface counter. */
  dropOnReceive(reason: DropReason, counter: typeof RX_DROPPED | typeof RX_ERRORS): void {
    this.countDrop(reason);
    this.counters[counter] = this.counters[counter]! + 1;
  }

  /** One tag may come on top of the MTU, as in the kernel's packet_length(). */
  protected isTooLong(view: DataView, start: number, length: number): boolean {
    const type = view.getUint16(start + 12, true);
    const tagSize = type === LE_8021Q || type === LE_8021AD ? 4 : 0;
    return length > this.mtu + ETH_HEADER_SIZE + tagSize;
  }

  private dropOnSend(reason: DropReason, counter: typeof TX_DROPPED | typeof TX_ERRORS): void {
    this.countDrop(reason);
    this.counters[counter] = this.counters[counter]! + 1;
  }

  info(): VportInfo {
    const counters = this.counters;
    return {
      port: this.port,
      name: this.name,
      type: this.type,
      mtu: this.mtu,
      up: this.isUp,
      stats: {
        rxPackets: counters[RX_PACKETS]!,
        rxBytes: counters[RX_BYTES]!,
        txPackets: counters[TX_PACKETS]!,
        txBytes: counters[TX_BYTES]!,
        rxDropped: counters[RX_DROPPED]!,
        txDropped: counters[TX_DROPPED]!,
        rxErrors: counters[RX_ERRORS]!,
        txErrors: counters[TX_ERRORS]!,
      },
      drops: this.drops.toMap(),
    };
  }
}

/** Takes a frame where it lies. The bytes are valid during the call. */
export type FrameTaker = (bytes: Uint8Array, start: number, length: number) => void;

/** How a frame leaves by a port that has a device: a call for each frame, one of the two. */
export interface FrameSink {
  readonly transmit?: ((frame: Uint8Array) => void) | undefined;
  readonly transmitInPlace?: FrameTaker | undefined;
}

/** A port whose frames go to a sink: all but tunnels. A sink of neither kind takes them silently. */
export abstract class SinkVport extends Vport {
  override readonly sink: FrameTaker | null;

  constructor(port: number, name: string, mtu: number, { transmit, transmitInPlace }: FrameSink) {
    super(port, name, mtu);
    if (transmitInPlace !== undefined) this.sink = transmitInPlace;
    else if (transmit !== undefined) {
      this.sink = (bytes, start, length) => transmit(bytes.subarray(start, start + length));
    } else this.sink = null;
  }

  protected transmit(packet: Packet): DropReason | null {
    if (packet.words[packet.row + PACKET_TYPE_WORD] !== 0) return 'not-ethernet';
    if (this.sink !== null) this.sink(packet.bytes, packet.start, packet.length);
    return null;
  }
}
