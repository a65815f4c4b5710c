/**
 * Network devices of OVS itself, without a host: `dummy` ports (frames come by netdev-dummy/receive and go to a
 * capture file), the local port of a bridge on the dummy datapath, and the placeholders of patch and tunnel ports.
 * Mirrors lib/netdev-dummy.c and lib/netdev-vport.c.
 */
import type { ByteSink } from '#src/capture/byte-sink.js';
import { PcapWriter } from '#src/capture/pcap-writer.js';
import type { Clock } from '#datapath/environment.js';
import type { DummyWires, WireState } from './dummy-wires.js';
import type { Netdev, NetdevStats } from './netdev.js';

const ETH_HEADER_SIZE = 14;
const VLAN_HEADER_SIZE = 4;
const NS_PER_SEC = 1e9;
/** What NetdevStats has where a device does not know. */
const UNKNOWN = -1;

/** Makes a file anew and returns what writes to its end. */
export type OpenFile = (path: string) => ByteSink;

const isTagged = (frame: Uint8Array): boolean =>
  (frame[12] === 0x81 && frame[13] === 0x00) || (frame[12] === 0x88 && frame[13] === 0xa8);

interface DummySpec {
  readonly name: string;
  readonly type: 'dummy' | 'dummy-internal';
  readonly mac: Uint8Array;
  readonly clock: Clock;
  readonly wires: DummyWires;
}

export class DummyNetdev implements Netdev {
  readonly name: string;
  readonly type: string;
  /** 0 where options:ifindex gives none. */
  ifindex = 0;
  mac: Uint8Array;
  mtu = 1500;
  up = true;
  carrier = true;
  private readonly clock: Clock;
  private receiver: ((frame: Uint8Array) => void) | null = null;
  private listener: (() => void) | null = null;
  private txPcap: PcapWriter | null = null;
  private rxPcap: PcapWriter | null = null;
  private pcapPaths = '';
  private readonly wires: DummyWires;
  private wirePath: string | null = null;
  private readonly counters = {
    rxPackets: 0,
    rxBytes: 0,
    txPackets: 0,
    txBytes: 0,
    // OVS's dummies do not know these.
    rxDropped: UNKNOWN,
    txDropped: UNKNOWN,
    rxErrors: UNKNOWN,
    txErrors: UNKNOWN,
  };
  /** Frames that were too short or too long to send. */
  refusedCount = 0;

  constructor({ name, type, mac, clock, wires }: DummySpec) {
    this.name = name;
    this.type = type;
    this.mac = mac;
    this.clock = clock;
    this.wires = wires;
  }

  get wireState(): WireState {
    return this.wires.stateOf(this, this.wirePath);
  }

  /** Takes up options:ifindex, tx_pcap, rx_pcap, pcap, stream and pstream. */
  setOptions(options: ReadonlyMap<string, string>, open: OpenFile): void {
    if (this.wirePath !== null) this.wires.leave(this, this.wirePath);
    this.wirePath = this.wires.join(this, options);
    const ifindex = options.get('ifindex') ?? '';
    this.ifindex = /^\d+$/.test(ifindex) ? Number(ifindex) : 0;
    const tx = options.get('tx_pcap') ?? options.get('pcap');
    const rx = options.get('rx_pcap') ?? options.get('pcap');
    const paths = `${tx}\n${rx}`;
    if (paths === this.pcapPaths) return;
    this.pcapPaths = paths;
    const writer = (path: string): PcapWriter => new PcapWriter(open(path), { snapLength: 1518, cut: false });
    this.txPcap = tx === undefined ? null : writer(tx);
    this.rxPcap = rx === undefined ? null : rx === tx ? this.txPcap : writer(rx);
  }

  /** A frame arrives from nowhere (netdev-dummy/receive). */
  receive(frame: Uint8Array): void {
    this.counters.rxPackets++;
    this.counters.rxBytes += frame.length;
    this.record(this.rxPcap, frame);
    this.receiver?.(frame);
  }

  transmit(frame: Uint8Array): void {
    const limit = ETH_HEADER_SIZE + this.mtu + (isTagged(frame) ? VLAN_HEADER_SIZE : 0);
    if (frame.length < ETH_HEADER_SIZE || frame.length > limit) {
      this.refusedCount++;
      return;
    }
    this.counters.txPackets++;
    this.counters.txBytes += frame.length;
    if (this.wirePath !== null) this.wires.send(this, this.wirePath, frame);
    this.record(this.txPcap, frame);
  }

  onReceive(receiver: ((frame: Uint8Array) => void) | null): void {
    this.receiver = receiver;
  }

  onChange(listener: (() => void) | null): void {
    this.listener = listener;
  }

  stats(): NetdevStats {
    return { ...this.counters };
  }

  setMac(mac: Uint8Array): void {
    this.mac = mac;
    this.listener?.();
  }

  setMtu(mtu: number): void {
    this.mtu = mtu;
    this.listener?.();
  }

  setUp(up: boolean): void {
    this.up = up;
    this.carrier = up;
    this.listener?.();
  }

  close(): void {
    if (this.wirePath !== null) this.wires.leave(this, this.wirePath);
    this.wirePath = null;
    this.receiver = null;
    this.listener = null;
  }

  private record(pcap: PcapWriter | null, frame: Uint8Array): void {
    const nowNs = this.clock.nowNs();
    pcap?.write(Math.floor(nowNs / NS_PER_SEC), nowNs % NS_PER_SEC, frame);
  }
}

/** Stands for a patch or tunnel port, which has no device of its own. */
export class VirtualNetdev implements Netdev {
  readonly name: string;
  readonly type: string;
  mac: Uint8Array;
  readonly mtu = 0;
  up = true;
  readonly carrier = true;
  readonly ifindex = 0;

  constructor(name: string, type: string, mac: Uint8Array) {
    this.name = name;
    this.type = type;
    this.mac = mac;
  }

  transmit(): void {}

  onReceive(): void {}

  onChange(): void {}

  stats(): NetdevStats {
    return {
      rxPackets: 0,
      rxBytes: 0,
      txPackets: 0,
      txBytes: 0,
      rxDropped: 0,
      txDropped: 0,
      rxErrors: 0,
      txErrors: 0,
    };
  }

  setMac(mac: Uint8Array): void {
    this.mac = mac;
  }

  setMtu(): void {}

  setUp(up: boolean): void {
    this.up = up;
  }

  close(): void {}
}
