/**
 * One datapath and the bridges on it: upcalls come up, flows go down, and what was installed is kept true.
 *
 * Mirrors struct dpif_backer and ofproto-dpif-upcall.c (handlers and revalidators in one). The invariant: for any
 * packet, the megaflow that matches has the actions that translation would give now; whatever changes that
 * (noteChange, noteMacChange) has the flows looked at again before time moves on.
 */
import type { Datapath } from '#datapath/datapath.js';
import type { DpAction, DpFlow, SampleCookie, Upcall } from '#datapath/dpif.js';
import { extractFlow } from '#datapath/flow-extract.js';
import {
  FlowKey,
  OFF_CONJ_ID,
  OFF_IN_PORT,
  OFF_RECIRC_ID,
  OFF_TCP_FLAGS,
  OFF_USERSPACE,
  OFF_VLAN_TCI,
  VLAN_CFI,
  VLAN_VID_MASK,
} from '#flowtable/flow-key.js';
import { clearOptions } from '#flowtable/tunnel-options.js';
import { exactDatapathMask, hasExtraBits } from '#flowtable/flow-mask.js';
import { ufidOf } from '#flowtable/hash.js';
import type { PacketInMessage } from '#src/openflow/async-message.js';
import { OFPP_CONTROLLER, OFPP_NONE } from '#src/openflow/ports.js';
import { flowOfPacketOut } from '#src/openflow/packet-out-version.js';
import { OpenFlowError, type PacketOut } from '#src/openflow/switch-connection.js';
import type { Scheduler } from '#src/sim/scheduler.js';
import type { Bridge } from './bridge.js';
import type { SwitchPort } from './bundle.js';
import { BackerCounts } from './coverage-events.js';
import { type InstalledFlow, InstalledFlows } from './installed-flows.js';
import { MeterIds } from './meter-table.js';
import type { NativeTunnels } from './native-tunnel/native-tunnels.js';
import { bridgeUuid, makePacketIn, resumedState } from './packet-in.js';
import { RecirculationIds } from './recirculation.js';
import { sameActions } from './same-actions.js';
import { giveCredit, type PacketStats } from './translate/credit.js';
import { fdbLookup, type TranslateOutcome } from './translate/outcome.js';
import { Translation } from './translate/translation.js';
import { findTunnelPort, isTunnelled } from './tunnel.js';
import type { DatapathFeatures } from './unixctl/datapath-features.js';

const NS_PER_MS = 1e6;
/** ovs-vswitchd.conf.db(5): max-idle and flow-limit. */
export const DEFAULT_MAX_IDLE_MS = 10_000;
export const DEFAULT_FLOW_LIMIT = 200_000;
/** Idle time of flows while there are more of them than the limit. */
const CROWDED_IDLE_MS = 100;

interface TranslatedPacketOut {
  readonly outcome: TranslateOutcome;
  readonly stats: PacketStats;
  readonly send: () => void;
}

export class Backer {
  readonly name: string;
  readonly dpif: Datapath;
  readonly features: DatapathFeatures;
  readonly recirculation = new RecirculationIds();
  readonly meterIds = new MeterIds();
  readonly bridges = new Set<Bridge>();
  flowLimit = DEFAULT_FLOW_LIMIT;
  maxIdleMs = DEFAULT_MAX_IDLE_MS;
  /** Off: each flow is installed for exactly its packet. */
  megaflowsEnabled = true;
  /** VLAN headers that are looked at. */
  private vlanLimit = 1;
  maxFlowCount = 0;
  /** How often what has happened (coverage/show). */
  readonly counts = new BackerCounts();
  packetInCount = 0;

  private readonly scheduler: Scheduler;
  private readonly flows = new InstalledFlows();
  private isRevalidating = true;
  private revalidationIsDue = false;
  private everythingChanged = false;
  private readonly staleFlows = new Set<string>();
  private portIndex: Map<number, SwitchPort> | null = null;

  /** Null where tunnels are the host's. */
  readonly nativeTunnels: NativeTunnels | null;

  constructor(
    name: string,
    dpif: Datapath,
    scheduler: Scheduler,
    features: DatapathFeatures,
    nativeTunnels: NativeTunnels | null,
  ) {
    this.name = name;
    this.dpif = dpif;
    this.scheduler = scheduler;
    this.features = features;
    this.nativeTunnels = nativeTunnels;
    dpif.onUpcall(() => {
      scheduler.at(scheduler.nowNs(), () => this.handleUpcalls());
    });
  }

  /** Tunnels by tnl_push and tnl_pop instead of the host's stack? */
  hasNativeTunnels(): boolean {
    return this.name.startsWith('dummy@') && this.features.has('tnl_push_pop');
  }

  get installedCount(): number {
    return this.flows.size;
  }

  portNamed(name: string): SwitchPort | null {
    for (const bridge of this.bridges) {
      const port = bridge.portNamed(name);
      if (port !== null) return port;
    }
    return null;
  }

  /** The port that a packet with this datapath key came in by. */
  findPort(key: FlowKey): SwitchPort | null {
    const ports = [...this.bridges].flatMap((bridge) => [...bridge.ports.values()]);
    if (isTunnelled(key)) return findTunnelPort(key, ports);
    const odpPort = key.u32(OFF_IN_PORT);
    return ports.find((port) => port.odpPort === odpPort && port.tunnel === null) ?? null;
  }

  setVlanLimit(limit: number): void {
    if (limit === this.vlanLimit) return;
    this.vlanLimit = limit;
    // Keys change with it: flows of the old ones would never be hit.
    this.purge();
    this.dpif.setVlanLimit(limit);
  }

  /** Rules, ports or settings changed: all flows are in doubt. */
  noteChange(): void {
    this.everythingChanged = true;
    this.portIndex = null;
    this.nativeTunnels?.invalidate();
    this.scheduleRevalidation();
  }

  /** A MAC address moved: the flows that asked for it are in doubt. */
  noteMacChange(bridge: Bridge, mac: string, vlan: number): void {
    this.counts.macChanges++;
    const affected = this.flows.askingFor(fdbLookup(bridge.name, mac, vlan));
    if (affected.size === 0) return;
    for (const ufid of affected) this.staleFlows.add(ufid);
    this.scheduleRevalidation();
  }

  /** A frame comes in by a datapath port. */
  receive(odpPort: number, frame: Uint8Array): void {
    this.dpif.receive(odpPort, frame);
  }

  handleUpcalls(): void {
    for (let upcall = this.dpif.upcallReceive(); upcall !== null; upcall = this.dpif.upcallReceive()) {
      const { cookie } = upcall;
      switch (cookie?.kind) {
        case 'controller':
          this.handleController(upcall, cookie);
          break;
        case 'sflow':
        case 'ipfix':
        case 'flow-sample':
          this.handleSample(upcall, cookie);
          break;
        case 'userdata':
          break;
        default:
          this.handleMiss(upcall);
      }
    }
  }

  /** Executes actions for a packet of the switch's own. */
  packetOut(bridge: Bridge, message: PacketOut): void {
    const { outcome, stats, send } = this.translatePacketOut(bridge, message, { allowSideEffects: true });
    giveCredit(outcome.credits, stats);
    send();
  }

  /** Translates actions for a packet that comes from no wire; `send` executes what has come of it. */
  translatePacketOut(
    bridge: Bridge,
    { packet, actions, ...message }: PacketOut,
    how: { readonly version?: number; readonly allowSideEffects?: boolean },
  ): TranslatedPacketOut {
    const flow = flowOfPacketOut({ packet, actions, ...message }, this.vlanLimit);
    const given = { bridge, flow, packet, actions, isPacketOut: true, allowSideEffects: false };
    const outcome = new Translation({ ...given, ...how }).run();
    this.recirculation.unref(outcome.recircIds);
    const send = (): void => {
      const key = flow.clone();
      key.setU32(OFF_IN_PORT, bridge.ports.get(message.inPort)?.odpPort ?? 0xffffffff);
      this.counts.executions++;
      this.dpif.execute(packet, key, outcome.actions);
    };
    return { outcome, stats: this.statsOf(packet, flow), send };
  }

  /** A controller lets a packet that it had paused go on. */
  resume(message: PacketInMessage): void {
    const { packet, metadata, continuation } = message;
    const bridge = [...this.bridges].find((one) => bridgeUuid(one) === continuation?.bridge);
    if (continuation === null || bridge === undefined) throw new OpenFlowError('NXR_STALE');
    const flow = extractFlow(packet, metadata.key, this.vlanLimit);
    // The datapath needs none of the options: those of an output are set by an action.
    clearOptions(flow);
    flow.optionPlaces = null;
    const paused = flow.clone();
    const id = this.recirculation.allocate(resumedState(bridge, message, continuation));
    paused.setU32(OFF_RECIRC_ID, id);
    const outcome = new Translation({ bridge, flow: paused, packet, allowSideEffects: true }).run();
    giveCredit(outcome.credits, this.statsOf(packet, flow));
    flow.setU32(OFF_IN_PORT, continuation.odpPort);
    this.dpif.execute(packet, flow, outcome.actions);
    this.recirculation.unref([id, ...outcome.recircIds]);
  }

  /** Credits rules, ports and learned addresses with what the datapath has counted since the last time. */
  pushStats(): void {
    for (const flow of this.flows.values()) {
      const current = this.dpif.flowGet(flow.ufid);
      if (current !== null) this.push(flow, current);
    }
  }

  /** Off: flows stay as they are until it is on again. */
  setRevalidation(isOn: boolean): void {
    this.isRevalidating = isOn;
    if (isOn) this.scheduleRevalidation();
  }

  /** Looks at all flows: pushes statistics, drops idle ones, and re-translates those in doubt. */
  revalidate(): void {
    this.revalidationIsDue = false;
    if (!this.isRevalidating) return;
    const all = this.everythingChanged;
    const stale = new Set(this.staleFlows);
    this.everythingChanged = false;
    this.staleFlows.clear();
    const nowNs = this.scheduler.nowNs();
    this.recirculation.expire(nowNs / NS_PER_MS);
    const count = this.flows.size;
    this.maxFlowCount = Math.max(this.maxFlowCount, count);
    const idleMs = count > this.flowLimit ? Math.min(CROWDED_IDLE_MS, this.maxIdleMs) : this.maxIdleMs;
    for (const flow of [...this.flows.values()]) {
      const current = this.dpif.flowGet(flow.ufid);
      if (current === null) {
        this.forget(flow);
        continue;
      }
      this.push(flow, current);
      const usedNs = Math.max(current.stats.usedNs, flow.createdNs);
      if (nowNs - usedNs >= idleMs * NS_PER_MS) this.remove(flow);
      else if (all || stale.has(flow.ufid)) this.recheck(flow);
    }
  }

  /** Re-translates only the flows that a moved address has made doubtful. */
  private revalidateStale(): void {
    if (this.everythingChanged) {
      this.revalidate();
      return;
    }
    this.revalidationIsDue = false;
    if (!this.isRevalidating) return;
    const stale = [...this.staleFlows];
    this.staleFlows.clear();
    for (const ufid of stale) {
      const flow = this.flows.get(ufid);
      const current = flow === undefined ? null : this.dpif.flowGet(ufid);
      if (flow === undefined || current === null) continue;
      this.push(flow, current);
      this.recheck(flow);
    }
  }

  /** Deletes all flows, after their statistics were pushed. */
  purge(): void {
    for (const flow of [...this.flows.values()]) this.remove(flow);
  }

  private portByOdp(odpPort: number): SwitchPort | null {
    if (this.portIndex === null) {
      this.portIndex = new Map();
      for (const bridge of this.bridges) {
        for (const port of bridge.ports.values()) {
          if (port.odpPort !== null && port.tunnel === null) this.portIndex.set(port.odpPort, port);
        }
      }
    }
    return this.portIndex.get(odpPort) ?? null;
  }

  /** The OpenFlow view of a datapath key: the bridge, and the key with its port number. */
  toOpenFlow(key: FlowKey): { readonly bridge: Bridge; readonly flow: FlowKey } | null {
    const flow = key.clone();
    flow.bytes.fill(0, OFF_USERSPACE, OFF_CONJ_ID + 4);
    // A packet that was recirculated goes on where it stopped.
    const frozen = this.recirculation.find(key.u32(OFF_RECIRC_ID));
    const port = isTunnelled(key) ? this.findPort(key) : this.portByOdp(key.u32(OFF_IN_PORT));
    if (frozen !== undefined) {
      // A controller's packet and one on its way to a bond come from no port.
      const from = frozen.inPort === OFPP_NONE || frozen.inPort === OFPP_CONTROLLER ? null : port;
      flow.setU32(OFF_IN_PORT, from?.bridge === frozen.bridge ? from.ofPort : frozen.inPort);
      return { bridge: from?.bridge ?? frozen.bridge, flow };
    }
    if (port === null) return null;
    flow.setU32(OFF_IN_PORT, port.ofPort);
    return { bridge: port.bridge, flow };
  }

  private scheduleRevalidation(): void {
    if (this.revalidationIsDue) return;
    this.revalidationIsDue = true;
    this.scheduler.at(this.scheduler.nowNs(), () => this.revalidateStale());
  }

  private translate(key: FlowKey, packet: Uint8Array | null): TranslateOutcome | null {
    const view = this.toOpenFlow(key);
    if (view === null) return null;
    return new Translation({ ...view, packet, allowSideEffects: packet !== null }).run();
  }

  private handleMiss(upcall: Upcall): void {
    const outcome = this.translate(upcall.key, upcall.packet);
    if (outcome === null) {
      const actions: readonly DpAction[] = [{ kind: 'drop', reason: 'no-bridge-port' }];
      this.install(upcall.key, actions, { wc: portOnlyMask(), credits: [], fdbLookups: [], recircIds: [] });
      return;
    }
    // A flow on the slow path is credited by its own statistics.
    let isInstalled = false;
    if (upcall.kind === 'miss') {
      giveCredit(outcome.credits, this.statsOf(upcall.packet, upcall.key));
      isInstalled = this.install(upcall.key, this.actionsToInstall(outcome), outcome);
    }
    this.dpif.execute(upcall.packet, upcall.key, executable(outcome));
    if (!isInstalled) this.recirculation.unref(outcome.recircIds);
  }

  private handleController(upcall: Upcall, cookie: Extract<Upcall['cookie'], { kind: 'controller' }>): void {
    const state = this.recirculation.find(cookie.recircId);
    if (state === undefined || cookie.dontSend) return;
    this.packetInCount++;
    state.bridge.reportPacket(makePacketIn(upcall.packet, upcall.key, cookie, state));
  }

  private handleSample({ packet, key }: Upcall, cookie: SampleCookie): void {
    for (const bridge of this.bridges) {
      if (bridge.name !== cookie.bridge) continue;
      // As in OVS the flow is found by the packet that it was made for, and by no other.
      const flow = this.flows.madeFor(key);
      bridge.flowExport.sampled(packet, key, cookie, flow?.actions ?? null);
      return;
    }
  }

  private actionsToInstall(outcome: TranslateOutcome): readonly DpAction[] {
    if (outcome.error !== null) return executable(outcome);
    const reason = [...outcome.slow][0];
    if (reason === undefined) return outcome.actions;
    return [{ kind: 'userspace', pid: 0, cookie: { kind: 'slow-path', reason, inPort: 0 } }];
  }

  /** True when the flow is in the datapath, and holds the outcome's recirculations from now on. */
  private install(
    key: FlowKey,
    actions: readonly DpAction[],
    { wc, credits, fdbLookups, recircIds }: Pick<TranslateOutcome, 'wc' | 'credits' | 'fdbLookups' | 'recircIds'>,
  ): boolean {
    if (!this.counts.mayPut(this.flows.size, this.flowLimit)) return false;
    const isExact = !this.megaflowsEnabled;
    const mask = isExact ? exactDatapathMask() : this.installedMask(wc);
    // Packets that come from a recirculation that nobody holds any more are the last of their kind.
    const recircId = key.u32(OFF_RECIRC_ID);
    const holdsOwnRecircId = recircId !== 0 && this.recirculation.ref(recircId);
    if (recircId !== 0 && !holdsOwnRecircId) return false;
    if (this.dpif.flowPut({ key, mask, actions, mode: 'create' }) !== 'ok') {
      if (holdsOwnRecircId) this.recirculation.unref([recircId]);
      return false;
    }
    const ufid = ufidOf(key, mask);
    const flow: InstalledFlow = {
      ufid,
      key,
      mask,
      actions,
      credits,
      fdbLookups,
      recircIds,
      holdsOwnRecircId,
      packets: 0,
      bytes: 0,
      createdNs: this.scheduler.nowNs(),
      isExact,
    };
    this.flows.add(flow);
    this.maxFlowCount = Math.max(this.maxFlowCount, this.flows.size);
    return true;
  }

  /**
   * The mask of a flow in the datapath. Whether a packet has a VLAN tag is always matched there: flow keys cannot say
   * that it does not matter. OVS's userspace datapath takes the VID too where translation looked at no bit of the tag.
   */
  private installedMask(wc: FlowKey): FlowKey {
    const mask = wc.clone();
    // Ports have no masks in a datapath; an action may have asked for 16 of the bits.
    if (mask.u32(OFF_IN_PORT) !== 0) mask.setU32(OFF_IN_PORT, 0xffffffff);
    if (mask.u16(OFF_VLAN_TCI) === 0)
      mask.setU16(OFF_VLAN_TCI, this.name.startsWith('dummy@') ? VLAN_VID_MASK | VLAN_CFI : VLAN_CFI);
    return mask;
  }

  private recheck(flow: InstalledFlow): void {
    if (flow.key.u32(OFF_RECIRC_ID) !== 0 && this.recirculation.find(flow.key.u32(OFF_RECIRC_ID)) === undefined) {
      this.remove(flow);
      return;
    }
    const outcome = this.translate(flow.key, null);
    const mask = outcome === null ? null : this.installedMask(outcome.wc);
    // Where the flow is wider than it may be, or narrower than it need be, or what the packets would do is to be seen,
    // the next one installs another.
    if (
      outcome === null ||
      mask === null ||
      !outcome.mayBeCached ||
      (!flow.isExact && (hasExtraBits(mask, flow.mask) || hasExtraBits(flow.mask, mask)))
    ) {
      this.recirculation.unref(outcome?.recircIds ?? []);
      this.remove(flow);
      return;
    }
    const actions = this.actionsToInstall(outcome);
    if (!sameActions(actions, flow.actions)) {
      this.counts.flowPuts++;
      this.dpif.flowPut({ key: flow.key, mask: flow.mask, actions, mode: 'modify' });
    }
    this.flows.delete(flow);
    flow.actions = actions;
    flow.credits = outcome.credits;
    flow.fdbLookups = outcome.fdbLookups;
    this.recirculation.unref(flow.recircIds);
    flow.recircIds = outcome.recircIds;
    this.flows.add(flow);
  }

  private remove(flow: InstalledFlow): void {
    this.counts.flowDeletes++;
    const last = this.dpif.flowDelete(flow.ufid);
    if (last !== null) this.push(flow, last);
    this.forget(flow);
  }

  private forget(flow: InstalledFlow): void {
    this.flows.delete(flow);
    this.recirculation.unref(flow.recircIds);
    if (flow.holdsOwnRecircId) this.recirculation.unref([flow.key.u32(OFF_RECIRC_ID)]);
  }

  private statsOf(packet: Uint8Array, key: FlowKey): PacketStats {
    return { packets: 1, bytes: packet.length, usedNs: this.scheduler.nowNs(), tcpFlags: key.u16(OFF_TCP_FLAGS) };
  }

  private push(flow: InstalledFlow, current: DpFlow): void {
    const packets = current.stats.packets - flow.packets;
    const bytes = current.stats.bytes - flow.bytes;
    if (packets <= 0) return;
    flow.packets = current.stats.packets;
    flow.bytes = current.stats.bytes;
    giveCredit(flow.credits, { packets, bytes, usedNs: current.stats.usedNs, tcpFlags: current.stats.tcpFlags });
  }
}

/** What is executed for the packet that came up. */
const executable = (outcome: TranslateOutcome): readonly DpAction[] =>
  outcome.error === null ? outcome.actions : [{ kind: 'drop', reason: outcome.error }];

function portOnlyMask(): FlowKey {
  const mask = new FlowKey();
  mask.setU32(OFF_IN_PORT, 0xffffffff);
  mask.setU32(OFF_RECIRC_ID, 0xffffffff);
  return mask;
}
