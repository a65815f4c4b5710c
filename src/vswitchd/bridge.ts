/**
 * A bridge: its ports and how they carry VLANs, what it has learned, and its OpenFlow tables.
 * Mirrors struct ofproto_dpif / xbridge; the reconciliation with the database is reconfigure.ts's.
 */
import type { Clock } from '#datapath/environment.js';
import { Match } from '#flowtable/match.js';
import { OptionMap } from '#flowtable/tunnel-options.js';
import { FIRST_VERSION } from '#flowtable/versions.js';
import { formatMatch } from '#src/openflow/match-format.js';
import type { PacketInMessage } from '#src/openflow/async-message.js';
import type { Action } from '#src/openflow/action/action.js';
import { DEFAULT_PRIORITY, NO_FLAGS } from '#src/openflow/flow-mod.js';
import { formatHex } from '#src/openflow/number-text.js';
import { NO_PORT_NAMES, type PortNames } from '#src/openflow/ports.js';
import type { FragmentHandling } from '#src/openflow/switch-connection.js';
import type { Backer } from './backer.js';
import type { FlowEvent } from './flow-monitor-set.js';
import type { Bundle, SwitchPort } from './bundle.js';
import { FlowExport } from './flow-export/flow-export.js';
import { type MacEntry, MacLearning } from './mac-learning.js';
import type { McastSnooping } from './mcast-snooping.js';
import { INTERNAL_TABLE, OpenFlowTable, type Rule } from './openflow-table.js';
import { GroupTable } from './group-table.js';
import { LearnedCookies } from './learned-cookies.js';
import { MeterTable } from './meter-table.js';
import { Mirrors } from './mirror.js';
import { hashInteger, OvsHmap } from './ovs-hmap.js';
import type { SpanningTree } from './spanning-tree/tree.js';

const NS_PER_SEC = 1e9;
const NS_PER_MS = 1e6;
/** OVS's own: no rule of a table matched. */
const OFPR_IMPLICIT_MISS = 7;

export class Bridge {
  readonly name: string;
  readonly backer: Backer;
  readonly clock: Clock;
  readonly fdb = new MacLearning();
  /** Null without multicast snooping. */
  mcast: McastSnooping | null = null;
  /** Null without STP and RSTP. */
  tree: SpanningTree | null = null;
  /** By OpenFlow number, in the order in which OVS floods. */
  readonly ports = new OvsHmap<number, SwitchPort>(hashInteger);
  /** In the order of their making. */
  readonly portsByAge = new Set<SwitchPort>();
  /** In the order of their making, the order in which NORMAL floods. */
  readonly bundles: Bundle[] = [];
  /** The current version of its tables and groups (revision.ts). */
  version = FIRST_VERSION;
  readonly groups = new GroupTable();
  /** Which of its rules learn for themselves. */
  readonly learnedCookies = new LearnedCookies();
  readonly mirrors = new Mirrors();
  readonly meters: MeterTable;
  readonly flowExport = new FlowExport(this);
  /** Where options of tunnels stand in tun_metadata0..63. */
  readonly tunnelOptions = new OptionMap();
  /** What becomes of IP fragments. */
  fragmentHandling: FragmentHandling = 'normal';
  forwardsBpdu = false;
  isSecure = false;
  datapathId = 0n;
  /** Is a controller connected that wants packets that no rule matches? */
  wantsPacketInOnMiss = false;
  /** Tells whoever watches of changes that belong together, once they are done. */
  reportFlows: (events: readonly FlowEvent[]) => void = () => {};
  /** Tells controllers of a packet. */
  reportPacket: (message: PacketInMessage) => void = () => {};
  /** The switch's own rule for such packets. */
  readonly missRule: Rule;
  /** And the one for fragments, where they are dropped. */
  readonly dropFragmentsRule: Rule;
  /** Made when first asked for: most are never used. */
  private readonly tables: (OpenFlowTable | undefined)[] = [];

  constructor(name: string, backer: Backer, clock: Clock) {
    this.name = name;
    this.backer = backer;
    this.clock = clock;
    this.meters = new MeterTable(backer.meterIds, backer.dpif);
    const missAction: Action = {
      kind: 'controller',
      maxLen: 0xffff,
      controllerId: 0,
      reason: OFPR_IMPLICIT_MISS,
      meterId: null,
      userdata: new Uint8Array(),
      pause: false,
    };
    this.missRule = {
      tableId: INTERNAL_TABLE,
      match: new Match(),
      priority: 0,
      cookie: 0n,
      idleTimeout: 0,
      hardTimeout: 0,
      importance: 0,
      flags: NO_FLAGS,
      actions: [missAction],
      createdNs: clock.nowNs(),
      modifiedNs: clock.nowNs(),
      usedNs: clock.nowNs(),
      packets: 0,
      bytes: 0,
    };
    this.dropFragmentsRule = { ...this.missRule, actions: [] };
  }

  get nowMs(): number {
    return Math.floor(this.clock.nowNs() / NS_PER_MS);
  }

  get nowSec(): number {
    return Math.floor(this.clock.nowNs() / NS_PER_SEC);
  }

  table(id: number): OpenFlowTable {
    let table = this.tables[id];
    if (table === undefined) {
      table = new OpenFlowTable(id);
      this.tables[id] = table;
    }
    return table;
  }

  /** The tables that have been used, by number. */
  usedTables(): readonly OpenFlowTable[] {
    return this.tables.filter((table) => table !== undefined);
  }

  /** Names and numbers for flows as text. */
  readonly portNames: PortNames = {
    nameOf: (port) => this.ports.get(port)?.name,
    numberOf: (name) => this.portNamed(name)?.ofPort,
  };

  /** Of ports and of tables, for ovs-ofctl. */
  readonly names: PortNames = {
    ...this.portNames,
    tables: {
      nameOf: (id) => (this.tables[id]?.name ?? '') || undefined,
      numberOf: (name) => this.usedTables().find((table) => table.name === name)?.id,
    },
  };

  portNamed(name: string): SwitchPort | null {
    for (const port of this.ports.values()) if (port.name === name) return port;
    return null;
  }

  /** The other end of a patch port, when both ends name each other. */
  peerOf(port: SwitchPort): SwitchPort | null {
    if (port.peerName === null) return null;
    const peer = this.backer.portNamed(port.peerName);
    return peer !== null && peer.peerName === port.name ? peer : null;
  }

  /** Learns a MAC address; true when a packet to it would now go elsewhere. */
  learn(mac: string, vlan: number, gratuitousArp: boolean, bundle: Bundle): boolean {
    const changed = this.fdb.update(mac, vlan, gratuitousArp, bundle, this.nowSec);
    if (changed) this.backer.noteMacChange(this, mac, vlan);
    return changed;
  }

  /** Unlearns what was learned on a bundle that changes; returns the addresses. */
  forgetLearned(bundle: Bundle): readonly MacEntry[] {
    this.mcast?.forget(bundle);
    return this.fdb.forget(bundle);
  }

  /** A rule as traces show it. */
  describeRule(rule: Rule, names: boolean): string {
    return describeRule(rule.match, rule.priority, rule.cookie, names ? this.portNames : NO_PORT_NAMES, names);
  }

  /** Rebuilds the order in which OVS would hold the ports after its last change. */
  reorderPorts(): void {
    const ports = [...this.bundles.flatMap((bundle) => bundle.ports), ...this.ports.values()];
    this.ports.clear();
    for (const port of ports) this.ports.set(port.ofPort, port);
  }
}

function describeRule(match: Match, priority: number, cookie: bigint, ports: PortNames, names: boolean): string {
  const text = formatMatch(match, { ports, names, priority: DEFAULT_PRIORITY });
  const cookieText = cookie === 0n ? '' : `, cookie ${formatHex(cookie)}`;
  return `${text === '' ? '' : `${text}, `}priority ${priority}${cookieText}`;
}
