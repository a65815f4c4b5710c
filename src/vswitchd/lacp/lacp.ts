/**
 * Link aggregation control of one port of the database: its members negotiate with the other end which of them belong
 * together (IEEE 802.1AX-2020 §6.4). Mirrors lib/lacp.c, which folds the standard's machines (receive, periodic,
 * selection, mux) into three states and two timers for each member.
 *
 * The invariant: attached members all have the same partner and the same partner's key.
 */
import type { SwitchPort } from '../bundle.js';
import {
  composeLacpFrame,
  type LacpInfo,
  NO_INFO,
  parseLacpFrame,
  STATE_ACTIVITY,
  STATE_AGGREGATION,
  STATE_COLLECTING,
  STATE_DEFAULTED,
  STATE_DISTRIBUTING,
  STATE_EXPIRED,
  STATE_SYNCHRONIZED,
  STATE_TIMEOUT,
  sameInfo,
} from './pdu.js';

const FAST_TRANSMIT_MS = 1000;
const SLOW_TRANSMIT_MS = 30_000;
/** So many intervals without a PDU, and what the partner said no longer counts. */
const RECEIVE_MULTIPLIER = 3;

export interface LacpSettings {
  readonly name: string;
  /** 12 hexadecimal digits. */
  readonly systemId: string;
  readonly systemPriority: number;
  readonly isActive: boolean;
  readonly isFast: boolean;
  readonly fallsBack: boolean;
}

export interface LacpMemberSettings {
  readonly portId: number;
  readonly portPriority: number;
  /** 0: the port id of the first member. */
  readonly key: number;
}

/** What the bond is told. off: no LACP at all; configured: there is, and no partner has agreed. */
export type LacpStatus = 'off' | 'configured' | 'negotiated';

export interface LacpMember {
  readonly port: SwitchPort;
  settings: LacpMemberSettings;
  /** current: the partner has spoken lately. expired: it has not. defaulted: there is none. */
  state: 'current' | 'expired' | 'defaulted';
  isAttached: boolean;
  carrierUp: boolean;
  partner: LacpInfo;
  /** What the partner thinks of us, or will once it has our last PDU. */
  known: LacpInfo;
  transmitAtMs: number;
  receiveByMs: number;
  readonly counts: {
    received: number;
    malformed: number;
    markers: number;
    transmitted: number;
    expired: number;
    defaulted: number;
    carrierChanged: number;
  };
}

export type SendFrame = (port: SwitchPort, frame: Uint8Array) => void;

export class Lacp {
  settings: LacpSettings;
  /** In the order in which they came. */
  readonly members: LacpMember[] = [];
  /** Its key is that of the aggregation. */
  keyMember: LacpMember | null = null;
  isNegotiated = false;
  private updateIsDue = false;
  private readonly onReceive: () => void;

  /** onReceive: a PDU has come, and run() may have something to do. */
  constructor(settings: LacpSettings, onReceive: () => void) {
    this.settings = settings;
    this.onReceive = onReceive;
  }

  get status(): LacpStatus {
    return this.isNegotiated ? 'negotiated' : 'configured';
  }

  /** The key that members send. */
  get key(): number {
    const settings = this.keyMember?.settings;
    return settings === undefined ? 0 : settings.key || settings.portId;
  }

  configure(settings: LacpSettings): void {
    const old = this.settings;
    this.updateIsDue ||=
      old.systemId !== settings.systemId ||
      old.systemPriority !== settings.systemPriority ||
      old.fallsBack !== settings.fallsBack;
    this.settings = settings;
  }

  register(port: SwitchPort, settings: LacpMemberSettings, nowMs: number): void {
    let member = this.memberOf(port);
    if (member === undefined) {
      member = {
        port,
        settings: { portId: 0, portPriority: 0, key: 0 },
        state: 'defaulted',
        isAttached: false,
        carrierUp: false,
        partner: NO_INFO,
        known: NO_INFO,
        transmitAtMs: 0,
        receiveByMs: 0,
        counts: { received: 0, malformed: 0, markers: 0, transmitted: 0, expired: 0, defaulted: 0, carrierChanged: 0 },
      };
      this.members.push(member);
      this.updateIsDue = true;
      this.keyMember ??= member;
    }
    const { portId, portPriority, key } = member.settings;
    if (portId === settings.portId && portPriority === settings.portPriority && key === settings.key) return;
    member.settings = settings;
    this.updateIsDue = true;
    if (this.settings.isActive || this.isNegotiated) expire(member, nowMs);
  }

  unregister(port: SwitchPort): void {
    const member = this.memberOf(port);
    if (member === undefined) return;
    this.members.splice(this.members.indexOf(member), 1);
    if (this.keyMember === member) this.keyMember = this.members[0] ?? null;
    this.updateIsDue = true;
  }

  memberOf(port: SwitchPort): LacpMember | undefined {
    return this.members.find((member) => member.port === port);
  }

  /** The link went up or down since the last time (by a device that tells such things). */
  carrierChanged(port: SwitchPort, isUp: boolean, nowMs: number): void {
    const member = this.memberOf(port);
    if (member === undefined) return;
    if (member.state === 'current' || this.settings.isActive) expire(member, nowMs);
    if (member.carrierUp === isUp) return;
    member.carrierUp = isUp;
    member.counts.carrierChanged++;
  }

  /** The link is up, as far as anybody knows. */
  noteCarrier(port: SwitchPort): void {
    const member = this.memberOf(port);
    if (member !== undefined) member.carrierUp = true;
  }

  /** May the port carry traffic, as far as LACP goes? */
  mayEnable(port: SwitchPort): boolean {
    const member = this.memberOf(port);
    return member !== undefined && this.isEnabled(member);
  }

  isEnabled({ isAttached, partner, state }: LacpMember): boolean {
    if (!isAttached) return false;
    return (partner.state & STATE_SYNCHRONIZED) !== 0 || (this.settings.fallsBack && state === 'defaulted');
  }

  /** Is the partner's information less than out of date? */
  isCurrent(port: SwitchPort): boolean {
    const state = this.memberOf(port)?.state;
    return state !== undefined && state !== 'defaulted';
  }

  /** A slow protocols frame came in by a port. True when the port may carry traffic now. */
  receive(port: SwitchPort, frame: Uint8Array, nowMs: number): boolean {
    const member = this.memberOf(port);
    if (member === undefined) return false;
    member.counts.received++;
    const pdu = parseLacpFrame(frame);
    if (pdu.kind === 'marker') member.counts.markers++;
    if (pdu.kind === 'malformed') member.counts.malformed++;
    // Where the link is down, the PDU is of before.
    if (pdu.kind !== 'lacp' || !member.carrierUp) return false;
    this.onReceive();
    member.state = 'current';
    member.receiveByMs = nowMs + RECEIVE_MULTIPLIER * (this.settings.isFast ? FAST_TRANSMIT_MS : SLOW_TRANSMIT_MS);
    member.known = pdu.partner;
    if (!sameInfo(member.partner, pdu.actor)) {
      this.updateIsDue = true;
      member.partner = pdu.actor;
    }
    return this.isEnabled(member);
  }

  /** What time and PDUs have brought about; sends what is due. True when something changed. */
  run(nowMs: number, send: SendFrame): boolean {
    let changed = false;
    for (const member of this.members) {
      if (nowMs < member.receiveByMs || member.state === 'defaulted') continue;
      changed = true;
      if (member.state === 'current') {
        expire(member, nowMs);
        member.counts.expired++;
      } else {
        member.state = 'defaulted';
        member.partner = NO_INFO;
        this.updateIsDue = true;
        member.counts.defaulted++;
      }
    }
    if (this.updateIsDue) {
      this.updateAttached();
      changed = true;
    }
    for (const member of this.members) {
      if (!this.mayTransmit(member)) continue;
      const actor = this.actorOf(member);
      if (nowMs < member.transmitAtMs && isKnown(actor, member.known)) continue;
      changed = true;
      member.known = actor;
      const isFast = (member.partner.state & STATE_TIMEOUT) !== 0;
      member.transmitAtMs = nowMs + (isFast ? FAST_TRANSMIT_MS : SLOW_TRANSMIT_MS);
      member.counts.transmitted++;
      send(member.port, composeLacpFrame(member.port.netdev.mac, actor, member.partner));
    }
    return changed;
  }

  /** When run() has something to do, or null. */
  nextRunMs(): number | null {
    let next: number | null = null;
    const wait = (ms: number): void => {
      if (next === null || ms < next) next = ms;
    };
    for (const member of this.members) {
      if (this.mayTransmit(member)) wait(member.transmitAtMs);
      if (member.state !== 'defaulted') wait(member.receiveByMs);
    }
    return next;
  }

  /** What the member tells of itself. */
  actorOf(member: LacpMember): LacpInfo {
    const { systemPriority, systemId, isActive, isFast } = this.settings;
    const { portPriority, portId } = member.settings;
    let state = 0;
    if (isActive) state |= STATE_ACTIVITY;
    if (isFast) state |= STATE_TIMEOUT;
    if (member.isAttached) state |= STATE_SYNCHRONIZED;
    if (member.state === 'defaulted') state |= STATE_DEFAULTED;
    if (member.state === 'expired') state |= STATE_EXPIRED;
    if (this.members.length > 1) state |= STATE_AGGREGATION;
    if (member.isAttached || !this.isNegotiated) state |= STATE_COLLECTING | STATE_DISTRIBUTING;
    return { systemPriority, systemId, key: this.key, portPriority, portId, state };
  }

  private mayTransmit(member: LacpMember): boolean {
    return member.carrierUp && (this.settings.isActive || member.state !== 'defaulted');
  }

  /**
   * Chooses the partner: that of a member that works already, or else of the member with the highest priority. Members
   * with another partner, or another key of that partner's, are left out.
   */
  private updateAttached(): void {
    this.updateIsDue = false;
    let working: LacpMember | null = null;
    let lead: LacpMember | null = null;
    let leadPriority = '';
    for (const member of this.members) {
      if (member.state !== 'current' || !member.isAttached) continue;
      const priority = this.priorityOf(member);
      if (working !== null && priority >= leadPriority) continue;
      working = member;
      lead = member;
      leadPriority = priority;
    }
    const { fallsBack, systemId } = this.settings;
    for (const member of this.members) {
      member.isAttached = false;
      // A link between two of our own members.
      if (member.partner.systemId === systemId) continue;
      if (member.state === 'defaulted') {
        member.isAttached = fallsBack;
        continue;
      }
      if (working !== null && member.partner.systemId !== working.partner.systemId) continue;
      member.isAttached = true;
      // One that works leads, whatever the priority of the others.
      const priority = this.priorityOf(member);
      if (lead !== null && (working !== null || priority >= leadPriority)) continue;
      lead = member;
      leadPriority = priority;
    }
    this.isNegotiated = lead !== null;
    if (lead === null) return;
    const { key, systemId: partner } = lead.partner;
    for (const member of this.members) {
      const isAlone = fallsBack && member.state === 'defaulted';
      if (isAlone || member.partner.key !== key || member.partner.systemId !== partner) member.isAttached = false;
    }
  }

  /** The priority of the link, as the higher of both systems sees it: the lesser text has the higher priority. */
  private priorityOf(member: LacpMember): string {
    const { partner } = member;
    const { systemPriority, systemId } = this.settings;
    const isOurs =
      systemPriority === partner.systemPriority ? systemId < partner.systemId : systemPriority < partner.systemPriority;
    const info = isOurs ? this.actorOf(member) : partner;
    const hex = (value: number): string => value.toString(16).padStart(4, '0');
    return hex(info.systemPriority) + info.systemId + hex(info.portPriority) + hex(info.portId);
  }
}

function expire(member: LacpMember, nowMs: number): void {
  member.state = 'expired';
  const state = (member.partner.state | STATE_TIMEOUT) & ~STATE_SYNCHRONIZED;
  member.partner = { ...member.partner, state };
  member.receiveByMs = nowMs + RECEIVE_MULTIPLIER * FAST_TRANSMIT_MS;
}

/** Does the partner know all of this that it must be told of? */
function isKnown(actor: LacpInfo, known: LacpInfo): boolean {
  const told = STATE_ACTIVITY | STATE_TIMEOUT | STATE_SYNCHRONIZED | STATE_AGGREGATION;
  return sameInfo({ ...actor, state: actor.state & told }, { ...known, state: known.state & told });
}
