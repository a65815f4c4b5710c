/**
 * A bond: several links to one neighbour that act as one port. Which of them are up, which is the active one, which one
 * a packet leaves by and whether one that comes in may. Mirrors ofproto/bond.c.
 *
 * The invariant: after run() a hash value that has a member has one that is enabled, as long as any is.
 *
 * Deliberately different: where OVS takes the first of its members, which is a matter of addresses in its memory, this
 * takes the one that was added first.
 */
import type { Rng } from '#datapath/environment.js';
import { FlowKey, OFF_ETH_DST, OFF_ETH_SRC } from '#flowtable/flow-key.js';
import { maskHashFields } from '#src/openflow/flow-hash-fields.js';
import type { Bridge } from '../bridge.js';
import type { SwitchPort } from '../bundle.js';
import type { LacpStatus } from '../lacp/lacp.js';
import { BUCKET_COUNT, BUCKET_MASK, slbBucket, tcpBucket } from './bond-hash.js';
import type { BondSettings } from './bond-settings.js';
import { PostRecirculationRules } from './post-recirculation.js';
import { type Load, rebalance } from './rebalance.js';

export interface BondMember {
  readonly port: SwitchPort;
  /** May packets leave by it? */
  isEnabled: boolean;
  /** Could they, as far as anybody but the link goes? */
  mayEnable: boolean;
  isPrimary: boolean;
  /** When isEnabled changes unless the link changes its mind; null: it does not. */
  delayExpiresMs: number | null;
}

/** A hash value: the member that its packets leave by, and what they weigh. */
export interface BondEntry extends Load<BondMember> {
  /** What its rule or the datapath's bond had counted when last looked at. */
  countedBytes: number;
}

/** What becomes of a packet that came in by a member. */
export type Verdict = 'accept' | 'drop' | 'drop-if-moved';

/** How a packet is sent without choosing a member for it: by a hash that the datapath computes. */
export interface HashedOutput {
  readonly recircId: number;
  readonly basis: number;
  /** By the datapath's own table instead of rules. */
  readonly usesLbOutput: boolean;
}

const NO_MAC = new Uint8Array(6);

export class Bond {
  readonly bridge: Bridge;
  readonly members: BondMember[] = [];
  settings: BondSettings;
  lacpStatus: LacpStatus = 'off';
  activeMember: BondMember | null = null;
  /** Of the member that is (or was last) active. */
  activeMac: Uint8Array = NO_MAC;
  /** Has there been another active member than at first? */
  hasChosen = false;
  /** 0: packets do not come back. */
  recircId = 0;
  /** null: one member has it all. */
  entries: BondEntry[] | null = null;
  nextRebalanceMs = 0;
  private readonly rng: Rng;
  private readonly rules: PostRecirculationRules;
  /** In the order in which hash values get them: the next one first. */
  private readonly enabled: BondMember[] = [];
  private revalidationIsDue = false;
  private learningPacketsAreDue = false;

  constructor(bridge: Bridge, settings: BondSettings, rng: Rng, nowMs: number) {
    this.bridge = bridge;
    this.settings = settings;
    this.rng = rng;
    this.rules = new PostRecirculationRules(bridge);
    this.applySettings(true, nowMs);
  }

  // Settings.

  reconfigure(settings: BondSettings, nowMs: number): void {
    const old = this.settings;
    const wasLbOutput = this.usesLbOutput;
    this.settings = settings;
    const isNew =
      this.revalidationIsDue ||
      old.fallsBack !== settings.fallsBack ||
      old.rebalanceIntervalMs !== settings.rebalanceIntervalMs ||
      old.mode !== settings.mode ||
      old.hashBasis !== settings.hashBasis ||
      old.primary !== settings.primary ||
      old.usesLbOutput !== settings.usesLbOutput;
    this.revalidationIsDue = false;
    if (wasLbOutput && !this.usesLbOutput) this.bridge.backer.dpif.bonds().delete(this.recircId);
    this.applySettings(isNew, nowMs);
    if (isNew) this.bridge.backer.noteChange();
  }

  private applySettings(isNew: boolean, nowMs: number): void {
    const { recirculation } = this.bridge.backer;
    if (this.settings.mode === 'active-backup') {
      if (this.recircId !== 0) recirculation.unref([this.recircId]);
      this.recircId = 0;
    } else if (this.recircId === 0) {
      this.recircId = recirculation.reserve(this.bridge);
    }
    if (this.settings.mode === 'active-backup' || this.entries === null || isNew) this.resetEntries(nowMs);
    if (this.mayRecirculate) this.putRules();
  }

  private resetEntries(nowMs: number): void {
    if (this.settings.mode !== 'active-backup' && !this.isFallingBack) {
      this.entries = Array.from({ length: BUCKET_COUNT }, () => ({ member: null, txBytes: 0, countedBytes: 0 }));
      this.nextRebalanceMs = nowMs + this.settings.rebalanceIntervalMs;
    } else {
      this.entries = null;
      this.rules.clear();
    }
  }

  close(): void {
    const { backer } = this.bridge;
    if (this.usesLbOutput) backer.dpif.bonds().delete(this.recircId);
    if (this.recircId !== 0) backer.recirculation.unref([this.recircId]);
    this.entries = null;
    this.rules.clear();
  }

  // Members.

  register(port: SwitchPort): void {
    let member = this.memberOf(port);
    if (member === undefined) {
      member = { port, isEnabled: false, mayEnable: false, isPrimary: false, delayExpiresMs: null };
      this.members.push(member);
      this.revalidationIsDue = true;
      this.enable(member, port.netdev.up && port.netdev.carrier);
    }
    member.isPrimary = this.settings.primary === port.name;
  }

  unregister(port: SwitchPort): void {
    const member = this.memberOf(port);
    if (member === undefined) return;
    this.revalidationIsDue = true;
    this.enable(member, false);
    for (const entry of this.entries ?? []) if (entry.member === member) entry.member = null;
    this.members.splice(this.members.indexOf(member), 1);
    if (this.activeMember !== member) return;
    this.chooseActiveMember();
    this.learningPacketsAreDue = true;
  }

  memberOf(port: SwitchPort): BondMember | undefined {
    return this.members.find((member) => member.port === port);
  }

  memberNamed(name: string): BondMember | undefined {
    return this.members.find(({ port }) => port.name === name);
  }

  /** The member with the address of the one that was last active. */
  memberByActiveMac(): BondMember | undefined {
    return this.members.find(({ port }) => Buffer.compare(port.netdev.mac, this.activeMac) === 0);
  }

  enable(member: BondMember, isEnabled: boolean): void {
    member.delayExpiresMs = null;
    if (isEnabled === member.isEnabled) return;
    this.revalidationIsDue = true;
    member.isEnabled = isEnabled;
    if (isEnabled) {
      this.enabled.push(member);
    } else {
      this.learningPacketsAreDue = true;
      this.enabled.splice(this.enabled.indexOf(member), 1);
    }
  }

  setActive(member: BondMember): void {
    this.revalidationIsDue = true;
    this.activeMember = member;
    this.learningPacketsAreDue = true;
    this.noteActiveMember();
  }

  /** Gives the packets of a hash value to a member. */
  migrate(bucket: number, member: BondMember): void {
    this.revalidationIsDue = true;
    if (this.entries !== null) this.entries[bucket]!.member = member;
  }

  private noteActiveMember(): void {
    this.activeMac = this.activeMember?.port.netdev.mac.slice() ?? NO_MAC;
    this.hasChosen = true;
  }

  private chooseActiveMember(): void {
    const old = this.activeMember;
    const member = this.bestMember();
    this.activeMember = member;
    if (member === null) {
      if (old !== null) this.noteActiveMember();
      return;
    }
    // With none enabled there is no point in waiting.
    if (!member.isEnabled) this.enable(member, true);
    this.learningPacketsAreDue = true;
    if (member !== old) this.noteActiveMember();
  }

  private bestMember(): BondMember | null {
    const primary = this.members.find(({ isPrimary, isEnabled }) => isPrimary && isEnabled);
    if (primary !== undefined) return primary;
    const last = this.memberByActiveMac();
    if (last?.isEnabled === true) return last;
    const enabled = this.members.find(({ isEnabled }) => isEnabled);
    if (enabled !== undefined) return enabled;
    let best: BondMember | null = null;
    for (const member of this.members) {
      const { delayExpiresMs, mayEnable } = member;
      if (delayExpiresMs === null || !mayEnable) continue;
      if (best === null || delayExpiresMs < best.delayExpiresMs!) best = member;
    }
    return best;
  }

  // What recurs.

  /** Takes up what became of links and of LACP; true when flows must be looked at again. */
  run(lacpStatus: LacpStatus, carrierOf: (port: SwitchPort) => boolean, nowMs: number): boolean {
    if (this.lacpStatus !== lacpStatus) {
      const wasLbOutput = this.usesLbOutput;
      this.lacpStatus = lacpStatus;
      this.revalidationIsDue = true;
      if (wasLbOutput && !this.usesLbOutput) this.bridge.backer.dpif.bonds().delete(this.recircId);
      if (this.isFallingBack || this.entries === null) this.resetEntries(nowMs);
    }
    let primary: BondMember | null = null;
    for (const member of this.members) {
      this.updateLink(member, carrierOf(member.port) && member.mayEnable, nowMs);
      if (this.settings.mode === 'active-backup' && member.isPrimary && member.isEnabled) primary = member;
    }
    const active = this.activeMember;
    if (active === null || !active.isEnabled || (primary !== null && active !== primary)) this.chooseActiveMember();
    if (this.mayRecirculate) this.fillEntries();
    const { revalidationIsDue } = this;
    this.revalidationIsDue = false;
    return revalidationIsDue;
  }

  private updateLink(member: BondMember, isUp: boolean, nowMs: number): void {
    if ((isUp === member.isEnabled) !== (member.delayExpiresMs === null)) {
      const { updelayMs, downdelayMs } = this.settings;
      member.delayExpiresMs = isUp === member.isEnabled ? null : nowMs + (isUp ? updelayMs : downdelayMs);
    }
    if (member.delayExpiresMs !== null && nowMs >= member.delayExpiresMs) this.enable(member, isUp);
  }

  /** When run() or rebalance() has something to do, or null. */
  nextRunMs(): number | null {
    let next = this.isBalanced ? this.nextRebalanceMs : null;
    for (const { delayExpiresMs } of this.members) {
      if (delayExpiresMs !== null && (next === null || delayExpiresMs < next)) next = delayExpiresMs;
    }
    return next;
  }

  /** Should neighbours be told where addresses are now? Asking ends it. */
  takeLearningPackets(): boolean {
    const { mode, fallsBack } = this.settings;
    const isPlain = this.lacpStatus === 'off' && mode !== 'balance-tcp';
    const areDue = this.learningPacketsAreDue && (isPlain || (fallsBack && this.lacpStatus === 'configured'));
    this.learningPacketsAreDue = false;
    return areDue && this.activeMember !== null;
  }

  // Packets.

  private get isFallingBack(): boolean {
    return this.settings.fallsBack && this.settings.mode !== 'active-backup' && this.lacpStatus === 'configured';
  }

  get mayRecirculate(): boolean {
    return this.settings.mode === 'balance-tcp' && this.recircId !== 0 && !this.isFallingBack;
  }

  get usesLbOutput(): boolean {
    return this.mayRecirculate && this.settings.usesLbOutput && this.bridge.backer.features.has('lb_output_action');
  }

  get isBalanced(): boolean {
    const { mode, rebalanceIntervalMs, fallsBack } = this.settings;
    if (rebalanceIntervalMs === 0 || mode === 'active-backup') return false;
    return !(fallsBack && this.lacpStatus === 'configured');
  }

  /** How packets leave, where not by a member that chooseMember() names. */
  hashedOutput(): HashedOutput | null {
    if (!this.mayRecirculate || !this.bridge.backer.features.has('recirc')) return null;
    return { recircId: this.recircId, basis: this.settings.hashBasis, usesLbOutput: this.usesLbOutput };
  }

  admit(port: SwitchPort, flow: FlowKey): Verdict {
    const member = this.memberOf(port);
    if (member === undefined) return 'drop';
    const { mode, fallsBack, allMembersActive } = this.settings;
    // The other end knows of the bond, and may send by whichever member.
    if (this.lacpStatus === 'negotiated') return member.isEnabled || member.mayEnable ? 'accept' : 'drop';
    if (this.lacpStatus === 'configured' ? !fallsBack : mode === 'balance-tcp') return 'drop';
    const isActive = this.activeMember === member;
    const isMulticast = (flow.u8(OFF_ETH_DST) & 1) !== 0;
    if (isMulticast && !isActive && !allMembersActive) return 'drop';
    if (mode === 'balance-slb') return 'drop-if-moved';
    return isActive ? 'accept' : 'drop';
  }

  /** The member that the packet leaves by; wc (null: nobody asks) gets the bits that decide it. */
  chooseMember(flow: FlowKey, vlan: number, wc: FlowKey | null): BondMember | null {
    let { mode } = this.settings;
    if (this.lacpStatus === 'configured') {
      if (!this.settings.fallsBack) return null;
      mode = 'active-backup';
    }
    if (mode === 'active-backup') return this.activeMember;
    if (mode === 'balance-tcp' && this.lacpStatus !== 'negotiated') return null;
    if (wc !== null) maskHashFields(flow, wc, mode === 'balance-tcp' ? 'symmetric_l3l4+udp' : 'eth_src');
    const entry = this.entries![this.bucketOf(flow, vlan)]!;
    if (entry.member?.isEnabled !== true) entry.member = this.nextEnabled();
    return entry.member;
  }

  /** The member that a packet of which no more is known leaves by. */
  chooseForSource(mac: Uint8Array, vlan: number): BondMember | null {
    const flow = new FlowKey();
    flow.bytes.set(mac, OFF_ETH_SRC);
    return this.chooseMember(flow, vlan, null);
  }

  /** Counts what was sent without a rule that counts it. */
  account(flow: FlowKey, vlan: number, bytes: number): void {
    if (this.isBalanced && this.entries !== null) this.entries[this.bucketOf(flow, vlan)]!.txBytes += bytes;
  }

  private bucketOf(flow: FlowKey, vlan: number): number {
    const { mode, hashBasis } = this.settings;
    return mode === 'balance-tcp' ? tcpBucket(flow, hashBasis) : slbBucket(flow, vlan, hashBasis);
  }

  private nextEnabled(): BondMember | null {
    const member = this.enabled.shift();
    if (member === undefined) return null;
    this.enabled.push(member);
    return member;
  }

  // Hash values.

  /** Gives a member to each hash value that has none, or one that is down. */
  private fillEntries(): void {
    let changed = false;
    for (const entry of this.entries!) {
      if (entry.member?.isEnabled === true) continue;
      changed = true;
      const member = this.members[this.rng.next32() % this.members.length];
      entry.member = member?.isEnabled === true ? member : this.activeMember;
    }
    if (changed) this.putRules();
  }

  private putRules(): void {
    const portOf = (bucket: number): SwitchPort | null => this.entries?.[bucket]?.member?.port ?? null;
    if (this.usesLbOutput) {
      const ports = Array.from({ length: BUCKET_COUNT }, (_, bucket) => portOf(bucket)?.odpPort ?? null);
      this.bridge.backer.dpif.bonds().put(this.recircId, ports);
    } else {
      this.rules.put(this.recircId, portOf);
    }
  }

  /** Spreads the load, if it is time to. What datapath flows have counted must have been credited. */
  rebalance(nowMs: number): void {
    if (!this.isBalanced || nowMs < this.nextRebalanceMs || this.entries === null) return;
    this.nextRebalanceMs = nowMs + this.settings.rebalanceIntervalMs;
    if (this.mayRecirculate) this.accountHashed(this.entries);
    const hasMoved = rebalance(
      this.entries,
      this.members.filter(({ isEnabled }) => isEnabled),
    );
    if (hasMoved) this.revalidationIsDue = true;
    // So that what was long ago counts for less and less.
    for (const entry of this.entries) entry.txBytes = Math.floor(entry.txBytes / 2);
    if (hasMoved && this.mayRecirculate) this.putRules();
  }

  private accountHashed(entries: readonly BondEntry[]): void {
    const counted = this.usesLbOutput ? this.bridge.backer.dpif.bonds().bytesOf(this.recircId) : null;
    entries.forEach((entry, bucket) => {
      const bytes = this.usesLbOutput ? (counted?.[bucket] ?? 0) : this.rules.bytesOf(bucket & BUCKET_MASK);
      if (bytes === null || entry.member === null) return;
      entry.txBytes += bytes - entry.countedBytes;
      entry.countedBytes = bytes;
    });
  }
}
