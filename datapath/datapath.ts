/**
 * The datapath: frames in, flow table, actions, frames out; a miss becomes an upcall. // hot path
 *
 * Mirrors net/openvswitch/datapath.c and, where the kernel and userspace's datapath differ, says which it follows.
 * Userspace speaks to it through Dpif only, and shares no state with it.
 *
 * What must stay true: caches change how fast an answer comes and never the answer; a packet that is not sent is
 * counted under a reason at a port; nothing is allocated for a packet that hits, unless a port's sink asks for an
 * array of its own (`transmit`).
 *
 * A port's sink may send a frame back in at once (receive() within receive()): each level takes a packet buffer, and
 * the number of buffers ends such a recursion.
 */
import { DATAPATH_WORDS, FlowKey, OFF_IN_PORT, SHAPE_TUNNEL, SHAPE_WORD } from '#flowtable/flow-key.js';
import { compileActions } from './action/compile.js';
import { type ActionTarget, executeActions } from './action/execute.js';
import type { DatapathOptions } from './datapath-options.js';
import type {
  BondControl,
  ConntrackControl,
  DatapathStats,
  DpAction,
  DpFlow,
  Dpif,
  FlowPut,
  FlowPutResult,
  FragmentControl,
  FrameObserver,
  MeterSetResult,
  MeterSpec,
  MeterStats,
  Upcall,
  UserspaceCookie,
  VportInfo,
  VportSpec,
} from './dpif.js';
import type { DropReason } from './drop-reason.js';
import type { DatapathEnvironment } from './environment.js';
import { EXTRACT_OK, EXTRACT_RESULT_COUNT, EXTRACT_TOO_SHORT } from './extract-result.js';
import { extractPacket, loadMetadata, MAX_VLAN_HEADERS, resetMetadata, TUNNEL_WORD } from './flow-extract.js';
import { FastPath, type FastPathHost } from './fast-path.js';
import { FlowLookup } from './flow-lookup.js';
import { FlowStore } from './flow-store.js';
import { FrameDrops } from './frame-drops.js';
import {
  DEFAULT_BUFFER_COUNT,
  DEFAULT_BUFFER_SIZE,
  FLOW_HASH_NONE,
  FLOW_HASH_OF_ROW,
  type FrameArena,
  type FrameBatch,
  type Packet,
  PacketPool,
} from './packet-buffer.js';
import { StatefulActions } from './stateful-actions.js';
import { putOptions } from './tunnel-options.js';
import { UpcallQueue } from './upcall-queue.js';
import { RX_DROPPED, RX_ERRORS, type Vport } from './vport/vport.js';
import { VportTable } from './vport-table.js';

/** Recirculations within each other (lib/dpif-netdev.c MAX_RECIRC_DEPTH). */
export const MAX_RECIRC_DEPTH = 6;

export class Datapath implements Dpif, ActionTarget, FastPathHost {
  readonly name: string;
  readonly pool: PacketPool;
  readonly flows: FlowStore;
  readonly lookup: FlowLookup;
  private readonly environment: DatapathEnvironment;
  readonly vports: VportTable;
  readonly stateful: StatefulActions;
  private readonly fastPath: FastPath | null;
  private readonly frameDrops: FrameDrops;
  private readonly queue: UpcallQueue;
  private readonly listeners: (() => void)[] = [];
  private vlanLimit: number;
  /** Time of the packet or batch that is being handled. */
  nowNs = 0;
  private recircDepth = 0;
  private lost = 0;
  private recirculations = 0;
  /** Frames by what extraction said of them (EXTRACT_*). */
  private readonly extractResults = new Float64Array(EXTRACT_RESULT_COUNT);

  constructor(environment: DatapathEnvironment, options: DatapathOptions) {
    this.environment = environment;
    this.name = options.name;
    this.pool = new PacketPool(
      options.packetBufferCount ?? DEFAULT_BUFFER_COUNT,
      options.packetBufferSize ?? DEFAULT_BUFFER_SIZE,
    );
    this.stateful = new StatefulActions(environment, this.pool);
    this.flows = new FlowStore({
      capacity: options.maxFlows ?? 200_000,
      checkDisjoint: options.checkDisjoint ?? false,
      search: options.flowSearch ?? 'auto',
    });
    this.vports = new VportTable(environment.underlay, this.receiveTunnel.bind(this));
    this.frameDrops = new FrameDrops(this.vports);
    this.lookup = new FlowLookup(this.flows, options);
    this.fastPath = this.lookup.usesTable && (options.fastPath ?? true) ? new FastPath(this) : null;
    const capacity = options.upcallQueueSize ?? 1024;
    this.queue = new UpcallQueue({
      capacity,
      portCapacity: options.upcallQueueSizePerPort ?? Math.max(1, capacity >>> 2),
      onFirst: () => {
        for (const listener of this.listeners) listener();
      },
    });
    this.vlanLimit = 1;
    this.setVlanLimit(options.vlanLimit ?? 1);
  }

  // Frames.

  /** A frame comes in by a port. The bytes are copied. */
  receive(port: number, frame: Uint8Array): void {
    const vport = this.vports.ports[port];
    if (vport === undefined) {
      this.frameDrops.add('no-vport', port, frame, 0, frame.length);
      return;
    }
    const packet = this.admit(vport, frame);
    if (packet !== null) this.extractAndProcess(packet, vport);
  }

  /**
   * Frames [first, first + count) of a batch come in, in order, from where they lie: for captures and benchmarks. The
   * arena's bytes are only read; a frame that actions change is first moved to a packet buffer. Ports that have a
   * `transmitInPlace` sink (or none) take frames out without allocation.
   */
  receiveFrames(arena: FrameArena, batch: FrameBatch, first: number, count: number): void {
    const end = first + count;
    this.nowNs = this.environment.clock.nowNs();
    for (let i = first; i < end; i++) {
      // While somebody watches, every frame takes the reference way.
      if (this.fastPath !== null && this.frameDrops.observer === null) i = this.fastPath.run(arena, batch, i, end);
      if (i < end) this.receiveFrame(arena, batch.starts[i]!, batch.lengths[i]!, batch.ports[i]!);
    }
  }

  /** The reference way of a frame in an arena. */
  receiveFrame(arena: FrameArena, start: number, length: number, port: number): void {
    const vport = this.vports.ports[port];
    if (vport === undefined) {
      this.frameDrops.add('no-vport', port, arena.bytes, start, length);
      return;
    }
    const packet = this.openPacket(vport, arena.bytes, start, length);
    if (packet === null) return;
    this.pool.borrow(packet, arena, start, length);
    vport.countReceived(length);
    this.extractAndProcess(packet, vport);
  }

  // FastPathHost: what the fast path asks of the datapath.

  countGone(): void {
    this.frameDrops.countPortless('no-vport');
  }

  openParsed(arena: FrameArena, start: number, length: number, vport: Vport): Packet | null {
    const packet = this.pool.acquire();
    if (packet === null) {
      vport.dropOnReceive('no-packet-buffer', RX_DROPPED);
      return null;
    }
    this.pool.borrow(packet, arena, start, length);
    packet.inPort = vport.port;
    return packet;
  }

  finishParsed(packet: Packet, slot: number): void {
    const outerDepth = this.recircDepth;
    this.recircDepth = 0;
    try {
      if (slot >= 0) this.run(packet, slot);
      else this.enqueue('miss', packet, null);
    } finally {
      this.recircDepth = outerDepth;
      this.pool.release(packet);
    }
  }

  private receiveTunnel(vport: Vport, tunnel: Int32Array, frame: Uint8Array, options: Uint8Array | null): void {
    const packet = this.admit(vport, frame);
    if (packet === null) return;
    const { words, row } = packet;
    words.set(tunnel, row + TUNNEL_WORD);
    words[row + SHAPE_WORD] = words[row + SHAPE_WORD]! | SHAPE_TUNNEL;
    if (options !== null) putOptions(words, row, options);
    this.extractAndProcess(packet, vport);
  }

  /** A packet buffer with the frame in it, or null when the port is down, the frame too long or no buffer free. */
  private admit(vport: Vport, frame: Uint8Array): Packet | null {
    const packet = this.openPacket(vport, frame, 0, frame.length);
    if (packet === null) return null;
    if (!this.pool.load(packet, frame)) {
      this.pool.release(packet);
      this.frameDrops.refuse(vport, 'frame-too-long', RX_ERRORS, frame, 0, frame.length);
      return null;
    }
    vport.countReceived(frame.length);
    return packet;
  }

  /** A packet for a frame that comes in by a port, its metadata set; null when the port is down or no buffer free. */
  private openPacket(vport: Vport, bytes: Uint8Array, start: number, length: number): Packet | null {
    const packet = vport.isUp ? this.pool.acquire() : null;
    if (packet === null) {
      this.frameDrops.refuse(vport, vport.isUp ? 'no-packet-buffer' : 'vport-down', RX_DROPPED, bytes, start, length);
      return null;
    }
    packet.inPort = vport.port;
    resetMetadata(packet.words, packet.row, vport.portWord);
    return packet;
  }

  /** Runs a packet that has just come in, and releases it whatever a sink does. */
  private extractAndProcess(packet: Packet, vport: Vport): void {
    // Another packet may be on its way, further down the call stack: this one has its own time and depth.
    const outerDepth = this.recircDepth;
    this.recircDepth = 0;
    this.nowNs = this.environment.clock.nowNs();
    try {
      const { view, start, length, words, row } = packet;
      const result = extractPacket(view, start, length, words, row, this.vlanLimit);
      this.extractResults[result] = this.extractResults[result]! + 1;
      if (result === EXTRACT_TOO_SHORT) {
        this.frameDrops.refuse(vport, 'frame-too-short', RX_ERRORS, packet.bytes, start, length);
      } else this.process(packet);
    } finally {
      this.recircDepth = outerDepth;
      this.pool.release(packet);
    }
  }

  /** Looks the packet up and runs its actions, or sends it up. The packet's row is its key. */
  private process(packet: Packet): void {
    const slot = this.lookup.find(packet.words, packet.row);
    if (slot < 0) this.enqueue('miss', packet, null);
    else this.run(packet, slot);
  }

  /** Credits the packet to the flow and runs the flow's actions. */
  private run(packet: Packet, slot: number): void {
    const { words, row } = packet;
    const flagsWord = words[row + 7]!;
    const tcpFlags = ((flagsWord >>> 8) & 0x0f00) | (flagsWord >>> 24);
    this.flows.credit(slot, packet.length, this.nowNs, tcpFlags);
    executeActions(this, packet, this.flows.programs[slot]!);
  }

  // ActionTarget: what actions ask of the datapath.

  output(packet: Packet, port: number): void {
    const vport = this.vports.ports[port];
    if (vport === undefined) this.drop(packet, 'no-vport');
    else {
      // A tunnel port reads the packet's key; the other types do not.
      if (packet.isChanged && !vport.takesFrames) this.refresh(packet);
      vport.send(packet);
    }
  }

  sendUserspace(packet: Packet, cookie: UserspaceCookie, cut: number): void {
    packet.length -= cut;
    packet.isChanged ||= cut > 0;
    this.refresh(packet);
    this.enqueue('action', packet, cookie);
    if (cut === 0) return;
    packet.length += cut;
    packet.isChanged = true;
    this.refresh(packet);
  }

  recirculate(packet: Packet, recircWord: number, isLast: boolean): void {
    const again = this.enterAgain(packet, isLast);
    if (again === null) return;
    again.words[again.row + 1] = recircWord;
    this.processAgain(again, packet);
  }

  /** A packet for another lookup: the packet itself or a copy; null when it died instead. */
  enterAgain(packet: Packet, isLast: boolean): Packet | null {
    const isTooDeep = this.recircDepth >= MAX_RECIRC_DEPTH;
    const again = isTooDeep ? null : isLast ? packet : this.stateful.copy(packet);
    if (again === null) this.drop(packet, isTooDeep ? 'recirculation-limit' : 'no-packet-buffer');
    return again;
  }

  processAgain(again: Packet, packet: Packet): void {
    this.recircDepth++;
    this.recirculations++;
    try {
      this.refresh(again);
      // A packet that has lost its hash gets another when it is looked up.
      if (again.flowHashState === FLOW_HASH_NONE) again.flowHashState = FLOW_HASH_OF_ROW;
      this.process(again);
    } finally {
      this.recircDepth--;
      if (again !== packet) this.pool.release(again);
    }
  }

  drop(packet: Packet, reason: DropReason): void {
    this.frameDrops.add(reason, packet.inPort, packet.bytes, packet.start, packet.length);
  }

  /** Extracts the key anew from a frame whose headers have changed. */
  refresh(packet: Packet): void {
    if (!packet.isChanged) return;
    if (packet.flowHashState === FLOW_HASH_OF_ROW) packet.takeFlowHash();
    extractPacket(packet.view, packet.start, packet.length, packet.words, packet.row, this.vlanLimit);
    packet.isChanged = false;
  }

  // Upcalls.

  private enqueue(kind: 'miss' | 'action', packet: Packet, cookie: UserspaceCookie | null): void {
    const key = new FlowKey();
    key.words.set(packet.words.subarray(packet.row, packet.row + DATAPATH_WORDS));
    const arrivedNs = this.nowNs;
    const loss = this.queue.push(packet.inPort, { kind, key, packet: packet.copyBytes(), cookie, arrivedNs });
    if (loss === null) return;
    this.lost++;
    const lost = this.queue.lastDisplaced?.packet;
    if (lost === undefined) this.frameDrops.add(loss.reason, loss.port, packet.bytes, packet.start, packet.length);
    else this.frameDrops.add(loss.reason, loss.port, lost, 0, lost.length);
  }

  upcallReceive(): Upcall | null {
    for (;;) {
      const upcall = this.queue.shift();
      if (upcall === null) return null;
      if (upcall.kind === 'action' || !this.lookup.usesTable || !this.runInstalled(upcall)) return upcall;
    }
  }

  /** Runs a queued miss by the flow that has been installed since; false when there is none. */
  private runInstalled(upcall: Upcall): boolean {
    const slot = this.flows.table.peek(upcall.key);
    if (slot < 0) return false;
    const packet = this.pool.acquire();
    if (packet === null) return false;
    this.pool.load(packet, upcall.packet);
    this.enter(packet, upcall.key, () => this.run(packet, slot));
    return true;
  }

  onUpcall(listener: () => void): void {
    this.listeners.push(listener);
  }

  execute(frame: Uint8Array, key: FlowKey, actions: readonly DpAction[]): void {
    const program = compileActions(actions);
    const packet = this.pool.acquire();
    if (packet === null) {
      this.frameDrops.countPortless('no-packet-buffer');
      return;
    }
    packet.inPort = key.u32(OFF_IN_PORT);
    if (this.pool.load(packet, frame)) {
      this.enter(packet, key, () => executeActions(this, packet, program));
      return;
    }
    this.drop(packet, 'frame-too-long');
    this.pool.release(packet);
  }

  /** Runs a packet that userspace sent down: metadata from its key, the rest from the frame. Not the hot path. */
  private enter(packet: Packet, key: FlowKey, run: () => void): void {
    const outerDepth = this.recircDepth;
    this.recircDepth = 0;
    this.nowNs = this.environment.clock.nowNs();
    packet.inPort = key.u32(OFF_IN_PORT);
    try {
      loadMetadata(packet.words, packet.row, key);
      extractPacket(packet.view, packet.start, packet.length, packet.words, packet.row, this.vlanLimit);
      run();
    } finally {
      this.recircDepth = outerDepth;
      this.pool.release(packet);
    }
  }

  observe(observer: FrameObserver | null): void {
    this.frameDrops.observer = observer;
    for (const vport of this.vports.all()) vport.observer = observer;
  }

  // Ports.

  portAdd(spec: VportSpec): number {
    const vport = this.vports.add(spec);
    vport.observer = this.frameDrops.observer;
    return vport.port;
  }

  portDelete(port: number): boolean {
    if (this.vports.remove(port) === null) return false;
    this.lost += this.queue.removePort(port);
    return true;
  }

  portSet(port: number, change: { readonly up?: boolean; readonly mtu?: number }): void {
    const vport = this.vports.get(port);
    if (vport === null) throw new Error(`no port ${port}`);
    if (change.up !== undefined) vport.isUp = change.up;
    if (change.mtu !== undefined) vport.mtu = change.mtu;
    this.vports.update(vport);
  }

  portGet(port: number): VportInfo | null {
    return this.vports.get(port)?.info() ?? null;
  }

  portDump(): readonly VportInfo[] {
    return Array.from(this.vports.all(), (vport) => vport.info());
  }

  /** other_config:vlan-limit. Flows made under another limit are flushed: their keys mean other packets now. */
  setVlanLimit(limit: number): void {
    const clamped = limit === 0 ? MAX_VLAN_HEADERS : Math.min(Math.max(limit, 1), MAX_VLAN_HEADERS);
    if (clamped === this.vlanLimit) return;
    this.vlanLimit = clamped;
    this.flowFlush();
  }

  // Flows.

  flowPut(put: FlowPut): FlowPutResult {
    return this.flows.put(put, this.environment.clock.nowNs());
  }

  flowDelete(ufid: string): DpFlow | null {
    const flow = this.flows.delete(ufid);
    this.lookup.flowsRemoved();
    return flow;
  }

  flowGet(ufid: string): DpFlow | null {
    return this.flows.get(ufid);
  }

  flowDump(): Iterable<DpFlow> {
    return this.flows.dump();
  }

  flowFlush(): void {
    this.flows.clear();
    this.lookup.flowsRemoved();
  }

  flowCount(): number {
    return this.flows.table.flowCount;
  }

  // Meters and connections.

  meterSet(spec: MeterSpec): MeterSetResult {
    return this.stateful.meters.set(spec, this.environment.clock.nowNs());
  }

  meterStats(id: number): MeterStats | null {
    return this.stateful.meters.stats(id);
  }

  meterDelete(id: number): MeterStats | null {
    return this.stateful.meters.delete(id);
  }

  bonds(): BondControl {
    return this.stateful.bonds;
  }

  conntrack(): ConntrackControl {
    return this.stateful.conntrack();
  }

  fragments(): FragmentControl {
    return this.stateful.fragments();
  }

  stats(): DatapathStats {
    return { ...this.lookup.stats(), lost: this.lost, recirculations: this.recirculations };
  }

  drops(): ReadonlyMap<DropReason, number> {
    return this.frameDrops.toMap();
  }

  /** Frames whose headers were short or malformed, from the Ethernet header up. */
  parseFailureCount(): number {
    return this.extractResults.reduce((sum, count) => sum + count) - this.extractResults[EXTRACT_OK]!;
  }
}
