/**
 * Connectivity fault management of a port: it sends a CCM each interval, and looks every three and a half intervals at
 * whom it has heard of in the meantime (IEEE 802.1Q-2018 §20). Mirrors lib/cfm.c.
 *
 * The invariant: faults, remote maintenance points and health change only when faults are looked for, so that nothing
 * flaps in between. As OVS's, it takes a CCM with an unexpected interval for no fault.
 */
import { hashAdd, hashFinish } from '#flowtable/murmur-hash.js';
import type { LinkMonitorEnvironment } from '../link-monitor-environment.js';
import { OvsHmap } from '../ovs-hmap.js';
import { type Ccm, composeCcmFrame, OVS_MAID, parseCcmFrame } from './packet.js';
import type { CfmSettings } from './settings.js';

export const FAULT_RECV = 1 << 0;
const FAULT_RDI = 1 << 1;
const FAULT_MAID = 1 << 2;
const FAULT_LOOPBACK = 1 << 3;
const FAULT_OVERRIDE = 1 << 5;

const MAX_REMOTE_POINTS = 256;
/** Health is reckoned once in so many looks. */
const HEALTH_LOOKS = 6;
const LEAST_DEMAND_INTERVAL_MS = 500;
/** So many intervals without a CCM, and other packets do not count either. */
const DEMAND_INTERVALS = 100;

/** A maintenance point at another end. */
interface RemotePoint {
  mpid: bigint;
  /** Heard of since faults were last looked for? */
  isHeard: boolean;
  isUp: boolean;
  /** CCMs without a fault since health was last reckoned; counted in a byte. */
  healthyCount: number;
}

/** hash_uint64() */
const hashMpid = (mpid: bigint): number =>
  hashFinish(hashAdd(hashAdd(0, Number(mpid & 0xffff_ffffn) | 0), Number(mpid >> 32n) | 0), 8);

export class Cfm {
  readonly name: string;
  settings!: CfmSettings;
  /** Set by hand in place of what was found out. */
  override: boolean | null = null;
  /** Percent of the CCMs that should have come; null: it cannot be said. */
  health: number | null = null;
  remoteIsUp = true;
  flapCount = 0;
  /** When the next CCM is due; -Infinity: at once. */
  sendMs = Number.NEGATIVE_INFINITY;
  lookMs = 0;
  readonly remotePoints = new OvsHmap<bigint, RemotePoint>(hashMpid);
  /** Those that had been heard of when faults were last looked for. */
  remoteMpids: readonly bigint[] = [];
  private found = 0;
  private received = 0;
  private hasLooked = false;
  private looksForHealth = 0;
  private sequence = 0;
  private rxPackets = 0;
  private demandUntilMs = 0;
  private readonly env: LinkMonitorEnvironment;

  constructor(name: string, settings: CfmSettings, env: LinkMonitorEnvironment) {
    this.name = name;
    this.env = env;
    this.configure(settings);
    env.onChange();
  }

  configure(settings: CfmSettings): void {
    const old: CfmSettings | undefined = this.settings;
    this.settings = settings;
    if (settings.isDemand && old?.isDemand !== true) this.rxPackets = this.env.rxPackets();
    if (old?.interval === settings.interval && old.intervalMs === settings.intervalMs) return;
    this.sendMs = Number.NEGATIVE_INFINITY;
    this.lookMs = this.env.nowMs() + this.lookIntervalMs;
  }

  /** FAULT_* bits. */
  get fault(): number {
    if (this.override === null) return this.found;
    return this.override ? FAULT_OVERRIDE : 0;
  }

  /** Null: only the extended mode tells. */
  get remoteState(): 'up' | 'down' | null {
    if (!this.settings.isExtended) return null;
    return this.remoteIsUp ? 'up' : 'down';
  }

  /** May the port carry traffic, as far as CFM goes? */
  get mayEnable(): boolean {
    return this.fault === 0 && this.remoteState !== 'down';
  }

  setOverride(override: boolean | null): void {
    this.override = override;
    this.env.onChange();
  }

  get nextRunMs(): number {
    return Math.min(this.sendMs, this.lookMs);
  }

  get mustSend(): boolean {
    return this.env.nowMs() >= this.sendMs;
  }

  /** The CCM that is due, from a port with this address. */
  compose(source: Uint8Array): Uint8Array {
    const { mpid, interval, intervalMs, isExtended, isUp, priority, vlan } = this.settings;
    this.sendMs = this.env.nowMs() + intervalMs;
    this.sequence = (this.sequence + 1) >>> 0;
    const vid = vlan === 'random' ? this.env.rng.next32() & 0xfff : vlan;
    return composeCcmFrame(
      { source, isExtended, vlanTci: vid | (priority << 13) },
      {
        sequence: this.sequence,
        mpid: isExtended ? hashMpid(mpid) & 0xffff : Number(mpid),
        maid: OVS_MAID,
        interval,
        intervalMs: interval === 0 ? intervalMs : 0,
        rdi: this.hasLooked && this.remotePoints.size === 0,
        mpid64: isExtended ? mpid : 0n,
        isDown: isExtended && !isUp,
      },
    );
  }

  /** A packet of CFM's came in by the port. */
  receive(frame: Uint8Array): void {
    const ccm = parseCcmFrame(frame);
    if (ccm === null) return;
    if (Buffer.compare(ccm.maid, OVS_MAID) === 0) this.take(ccm);
    else this.received |= FAULT_MAID;
  }

  private take(ccm: Ccm): void {
    const { isExtended, isDemand, intervalMs } = this.settings;
    const mpid = isExtended ? ccm.mpid64 : BigInt(ccm.mpid);
    let point = this.remotePoints.get(mpid);
    // As in OVS a new one does not yet have the number that it is told by.
    if (point === undefined && this.remotePoints.size < MAX_REMOTE_POINTS) {
      point = { mpid: 0n, isHeard: false, isUp: false, healthyCount: 0 };
      this.remotePoints.set(mpid, point);
    }
    // There is no room for more of them. OVS has a fault for that (overflow), which it never shows.
    if (point === undefined) return;
    let fault = ccm.rdi ? FAULT_RDI : 0;
    if (point.mpid === this.settings.mpid) fault |= FAULT_LOOPBACK;
    point.mpid = mpid;
    if (fault === 0) {
      point.healthyCount = (point.healthyCount + 1) & 0xff;
      if (isDemand) this.demandUntilMs = this.env.nowMs() + DEMAND_INTERVALS * intervalMs;
    }
    point.isHeard = true;
    this.received |= fault;
    point.isUp = !(isExtended && ccm.isDown);
  }

  /** Looks for faults when it is time. */
  run(): void {
    const nowMs = this.env.nowMs();
    if (nowMs < this.lookMs) return;
    const before = this.status();
    const oldFound = this.found;
    this.found = this.received;
    this.received = 0;
    this.reckonHealth();
    const isLost = this.dropSilent(this.isExcused(nowMs));
    if (this.remotePoints.size === 0) this.found |= FAULT_RECV;
    if (oldFound !== this.found && (oldFound === 0 || this.found === 0)) this.flapCount++;
    this.hasLooked = true;
    this.lookMs = nowMs + this.lookIntervalMs;
    if (isLost || before !== this.status()) this.env.onChange();
  }

  private get lookIntervalMs(): number {
    const { isDemand, intervalMs } = this.settings;
    return Math.floor((Math.max(intervalMs, isDemand ? LEAST_DEMAND_INTERVAL_MS : 0) * 7) / 2);
  }

  private status(): string {
    return [this.health, this.remoteIsUp, this.remoteMpids.length, this.found, this.flapCount].join();
  }

  private reckonHealth(): void {
    if (this.looksForHealth === HEALTH_LOOKS) {
      this.looksForHealth = 0;
      const [point] = this.remotePoints.values();
      if (this.remotePoints.size > 1) this.health = null;
      else if (point === undefined) this.health = 0;
      else {
        const expected = (HEALTH_LOOKS * 7) / 2;
        this.health = Math.min(100, Math.floor((point.healthyCount * 100) / expected));
        point.healthyCount = 0;
      }
    }
    this.looksForHealth++;
  }

  /** In demand mode other packets will do in place of CCMs, for a while. */
  private isExcused(nowMs: number): boolean {
    if (!this.settings.isDemand) return false;
    const rxPackets = this.env.rxPackets();
    const isReceiving = rxPackets > this.rxPackets;
    this.rxPackets = rxPackets;
    return isReceiving && this.remotePoints.size === 1 && nowMs < this.demandUntilMs;
  }

  /** True when a remote point was given up. */
  private dropSilent(isExcused: boolean): boolean {
    const heard: RemotePoint[] = [];
    let isLost = false;
    for (const point of [...this.remotePoints.values()]) {
      if (point.isHeard) {
        point.isHeard = false;
        heard.push(point);
      } else if (!isExcused) {
        this.remotePoints.delete(point.mpid);
        isLost = true;
      }
    }
    if (heard.length > 0) this.remoteIsUp = heard.every(({ isUp }) => isUp);
    this.remoteMpids = heard.map(({ mpid }) => mpid);
    return isLost;
  }
}

const FAULT_NAMES = [
  [FAULT_RECV, 'recv'],
  [FAULT_RDI, 'rdi'],
  [FAULT_MAID, 'maid'],
  [FAULT_LOOPBACK, 'loopback'],
  [FAULT_OVERRIDE, 'override'],
] as const;

export const faultNames = (fault: number): readonly string[] =>
  FAULT_NAMES.filter(([bit]) => (fault & bit) !== 0).map(([, name]) => name);
