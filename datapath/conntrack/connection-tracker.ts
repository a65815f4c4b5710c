/**
 * The connection tracker: to which connection does a packet belong, and what does that make of it?
 *
 * Mirrors lib/conntrack.c, the tracker of OVS's userspace datapath: process_one(), conn_not_found(),
 * conn_update_state(). There is one for each network namespace, for its datapath and its netfilter.
 *
 * Invariant: packets of any kind leave a state with CS_TRACKED in the key, and never throw; memory is bounded by the
 * number of connections allowed.
 *
 * Deliberately different: what has expired is gone at once, with its place in limits, counts and tables; OVS takes it
 * out at its next sweep, up to 20 seconds later, and until then replies under NAT are invalid and limits are full.
 */
import type { Clock, Rng } from '../environment.js';
import { L3_WORD, L4_WORD } from '../flow-extract.js';
import type { Packet } from '../packet-buffer.js';
import { Connection, NAT_DST, NAT_SRC } from './connection.js';
import { type ConnectionEntry, type ConnectionTuple, describeConnection, keyOfTuple } from './connection-entry.js';
import {
  type ConnectionKey,
  copyAddress,
  ETH_TYPE_IPV6,
  etherTypeOf,
  KEY_DST,
  KEY_SRC,
  makeKey,
  reverseKey,
  reversedKey,
  sourcePortOf,
  zoneOf,
} from './connection-key.js';
import { ConnectionTable } from './connection-table.js';
import {
  clearCtMarkAndLabel,
  clearCtMetadata,
  type KeyRow,
  readCtState,
  readCtZone,
  readDestinationPort,
  readEtherType,
  readOriginalTuple,
  updateMetaShape,
  writeCtLabel,
  writeCtMark,
  writeCtStateAndZone,
  writeOriginalTuple,
} from './ct-metadata.js';
import type { CtHelper, CtRequest } from './ct-request.js';
import {
  CS_DST_NAT,
  CS_ESTABLISHED,
  CS_INVALID,
  CS_NAT_MASK,
  CS_NEW,
  CS_RELATED,
  CS_REPLY_DIR,
  CS_SRC_NAT,
  CS_TRACKED,
} from './ct-state.js';
import { type Expectation, ExpectationTable } from './expectation.js';
import { ExpiryQueue } from './expiry-queue.js';
import {
  adjustSequence,
  ftpMessageOf,
  type FtpPacket,
  isAnnouncementHonest,
  rewriteAnnouncement,
} from './helper-ftp.js';
import { helperOf } from './helper-choice.js';
import { extractKey, KEY_INVALID, KEY_OF_ERROR } from './key-extract.js';
import { setMarkAndLabel } from './mark-and-label.js';
import { reverseNatAction, rewritePacket } from './nat-rewrite.js';
import { chooseUniqueTuple, planNat, type TupleSearch } from './nat-tuple.js';
import { ProcessedPackets } from './processed-packets.js';
import { type TransportView, UPDATE_INVALID, UPDATE_NEW, UPDATE_VALID } from './protocol.js';
import { beginProtocol, firstTimeout, mayBegin, updateProtocol } from './protocols.js';
import { type CtTimeout, DEFAULT_TIMEOUT_POLICY, TimeoutPolicies } from './timeout-policy.js';
import { ZoneLimits } from './zone-limits.js';

/** As OVS's. */
export const DEFAULT_MAX_CONNECTIONS = 3_000_000;

export interface TrackerSettings {
  readonly clock: Clock;
  readonly rng: Rng;
  readonly maxConnections?: number;
}

export class ConnectionTracker {
  readonly timeoutPolicies = new TimeoutPolicies();
  readonly zoneLimits = new ZoneLimits();
  maxConnections: number;
  /** Are segments outside the window of their connection invalid? dpctl/ct-enable-tcp-seq-chk and its opposite. */
  isTcpSequenceChecked = true;
  /** New connections turned away because there were maxConnections already. */
  fullCount = 0;
  /** New connections turned away because NAT found no free tuple for them. */
  natExhaustedCount = 0;
  /** Connections that a SYN began anew after both ends had closed. */
  reopenedCount = 0;

  private readonly clock: Clock;
  private readonly rng: Rng;
  private readonly table: ConnectionTable;
  private readonly expiry = new ExpiryQueue<Connection>();
  private readonly expectations: ExpectationTable;
  private readonly processed = new ProcessedPackets();
  private readonly tupleSearch: TupleSearch;

  // The packet at hand.
  private packet!: Packet;
  private words!: Int32Array;
  private row = 0;
  private ip = 0;
  private readonly transport: TransportView = { bytes: new Uint8Array(), at: 0, end: 0 };
  private readonly key: ConnectionKey = makeKey();
  private readonly originalKey: ConnectionKey = makeKey();
  private isError = false;
  private isReply = false;
  private state = 0;
  private nowMs = 0;

  constructor(settings: TrackerSettings) {
    this.clock = settings.clock;
    this.rng = settings.rng;
    this.maxConnections = settings.maxConnections ?? DEFAULT_MAX_CONNECTIONS;
    const salt = settings.rng.next32() | 0;
    this.table = new ConnectionTable(salt);
    this.expectations = new ExpectationTable(salt);
    this.tupleSearch = {
      salt,
      isTaken: (key) => this.table.lookup(key, this.nowMs) !== null,
      random32: () => this.rng.next32(),
    };
  }

  /** Connections tracked now. */
  get count(): number {
    this.expire();
    return this.table.count;
  }

  /**
   * Tracks the packet and writes what was found into the key. The frame must lie in the packet's own slot when NAT or a
   * helper may change it; `packet.isChanged` tells when it did.
   */
  execute(packet: Packet, key: KeyRow, request: CtRequest): void {
    this.expire();
    const { words } = key;
    const row = key.row ?? 0;
    this.packet = packet;
    this.words = words;
    this.row = row;
    this.state = readCtState(words, row);
    this.ip = packet.layer(L3_WORD);
    const { transport } = this;
    transport.bytes = packet.bytes;
    transport.at = packet.layer(L4_WORD);
    transport.end = transport.at + packet.transportSize();
    const result =
      this.ip < 0 || transport.at < 0
        ? KEY_INVALID
        : extractKey(
            packet.bytes,
            this.ip,
            transport.at,
            transport.end,
            readEtherType(words, row),
            request.zone,
            this.key,
          );
    if (result === KEY_INVALID) {
      this.state = CS_INVALID;
      this.writeMetadata(request.zone, null, null, null);
    } else {
      this.isError = result === KEY_OF_ERROR;
      const isIpv6 = etherTypeOf(this.key) === ETH_TYPE_IPV6;
      const port = readDestinationPort(words, row);
      const helper = helperOf(packet.bytes, this.ip, transport.at, isIpv6, request.helper, port);
      const before =
        (this.state & CS_TRACKED) === 0 || request.force || helper !== null
          ? null
          : this.processed.find(packet, this.key);
      if (before !== null) this.processAgain(before.connection!, before.isReply, before.isError, request);
      else this.process(request, helper);
    }
    updateMetaShape(words, row);
  }

  /** Forgets that the packet was tracked: what ct_clear does. */
  clear(packet: Packet, key: KeyRow): void {
    clearCtMetadata(key.words, key.row ?? 0);
    this.processed.forget(packet);
  }

  /** To be called when a tracked packet is cloned, so that the copy is known to have been counted too. */
  cloned(from: Packet, to: Packet): void {
    this.processed.copy(from, to);
  }

  /** The connections, in the order in which they were made; those of one zone when it is given. */
  *entries(zone: number | null = null): Generator<ConnectionEntry> {
    this.expire();
    for (const connection of this.table.connections()) {
      if (zone !== null && zoneOf(connection.key) !== zone) continue;
      if (connection.expirationMs > this.nowMs) yield describeConnection(connection, this.nowMs);
    }
  }

  /** Ends all connections, or those of a zone. */
  flush(zone: number | null = null): void {
    for (const connection of [...this.table.connections()]) {
      if (zone === null || zoneOf(connection.key) === zone) this.remove(connection);
    }
  }

  /** Ends the connection with this tuple, as it was before NAT. False when there is none. */
  flushTuple(tuple: ConnectionTuple, zone: number): boolean {
    this.expire();
    const key = keyOfTuple(tuple, zone);
    const connection = key === null ? null : this.table.lookup(key, this.nowMs);
    if (connection === null || this.table.isNatted) return false;
    this.remove(connection);
    return true;
  }

  private expire(): void {
    this.nowMs = Math.floor(this.clock.nowNs() / 1e6);
    for (let ended = this.expiry.expired(this.nowMs); ended !== null; ended = this.expiry.expired(this.nowMs)) {
      this.remove(ended);
    }
  }

  private remove(connection: Connection): void {
    if (!connection.isTracked) return;
    if (connection.helper !== null) this.expectations.removeOf(connection.key);
    this.table.remove(connection);
    this.expiry.remove(connection);
    this.zoneLimits.release(connection.admission);
  }

  /** A packet whose connection is known already: only the mark, the label and NAT are left to do. */
  private processAgain(connection: Connection, isReply: boolean, isError: boolean, request: CtRequest): void {
    if (request.nat !== null) {
      this.isReply = isReply;
      this.isError = isError;
      this.applyNat(connection, request.zone);
      this.processed.forget(this.packet);
    }
    writeCtStateAndZone(this.words, this.row, this.state, request.zone);
    writeCtMark(this.words, this.row, connection.mark);
    writeCtLabel(this.words, this.row, connection.label);
    setMarkAndLabel(connection, request.mark, request.label, this.words, this.row);
  }

  private process(request: CtRequest, helper: CtHelper | null): void {
    const { zone } = request;
    const { key } = this;
    if (this.state !== 0 && readCtZone(this.words, this.row) !== zone) this.state = 0;
    let connection = this.find((this.state & CS_NAT_MASK) !== 0);
    if (request.force && connection !== null && this.isReply && !this.table.isNatted) {
      this.remove(connection);
      connection = null;
    }
    let isNew = false;
    if (connection !== null) {
      isNew = this.updateWithHelper(connection, request, helper);
      if (request.nat !== null && !isNew) this.applyNat(connection, zone);
    } else {
      connection = this.findByOriginalTuple(request);
      if (connection !== null) isNew = this.update(connection);
      // An ICMP error speaks of a connection; it does not make one.
      else if (this.isError) this.state = CS_INVALID;
      else isNew = true;
    }
    let expectation: Expectation | null = null;
    if (isNew) {
      expectation = this.expectations.lookup(key);
      connection = this.begin(request, helper, expectation);
    }
    this.writeMetadata(zone, connection, key, expectation);
    if (connection !== null) {
      setMarkAndLabel(connection, request.mark, request.label, this.words, this.row);
      this.runHelper(connection, request, helper);
    }
    writeCtStateAndZone(this.words, this.row, this.state | CS_TRACKED, zone);
    const isKept = request.nat === null && connection !== null;
    this.processed.set(this.packet, key, isKept ? connection : null, this.isReply, this.isError);
  }

  /**
   * The connection of the packet. One that NAT has changed already in this zone no longer looks like its connection, but
   * what would answer it does; the key then becomes what the packet was before.
   */
  private find(isChanged: boolean): Connection | null {
    const { key, table } = this;
    if (isChanged) reverseKey(key);
    const connection = table.lookup(key, this.nowMs);
    this.isReply = connection !== null && table.isReply;
    if (!isChanged) return connection;
    if (connection === null) {
      reverseKey(key);
      return null;
    }
    this.isReply = !this.isReply;
    key.set(this.isReply ? connection.reverseKey : connection.key);
    return connection;
  }

  private findByOriginalTuple(request: CtRequest): Connection | null {
    if ((this.state & CS_NAT_MASK) === 0 || request.nat !== null) return null;
    if (!readOriginalTuple(this.words, this.row, this.key, this.originalKey)) return null;
    return this.table.lookup(this.originalKey, this.nowMs);
  }

  /** Lets the protocol judge the packet; true when it begins another connection with the same key. */
  private update(connection: Connection): boolean {
    if (this.isError) {
      this.state |= CS_RELATED | (this.isReply ? CS_REPLY_DIR : 0);
      return false;
    }
    if (connection.parent !== null) this.state |= CS_RELATED;
    const verdict = updateProtocol(connection.protocol, this.transport, this.isReply, this.isTcpSequenceChecked);
    if (verdict.timeout !== null) this.prolong(connection, verdict.timeout);
    if (verdict.result === UPDATE_VALID) {
      this.state = (this.state | CS_ESTABLISHED | (this.isReply ? CS_REPLY_DIR : 0)) & ~CS_NEW;
    } else if (verdict.result === UPDATE_INVALID) this.state = CS_INVALID;
    else if (verdict.result === UPDATE_NEW) {
      this.remove(connection);
      this.reopenedCount++;
      return true;
    } else this.state |= CS_NEW;
    return false;
  }

  private prolong(connection: Connection, timeout: CtTimeout): void {
    const seconds = this.timeoutPolicies.seconds(connection.timeoutPolicy, timeout);
    connection.expirationMs = this.nowMs + seconds * 1000;
    this.expiry.update(connection);
  }

  /** Judges the first packet of a connection and, if that is asked for, begins to track it. */
  private begin(request: CtRequest, helper: CtHelper | null, expectation: Expectation | null): Connection | null {
    const { key, transport } = this;
    if (this.table.lookup(key, this.nowMs) !== null) return null;
    if (!mayBegin(key, transport)) {
      this.state = CS_INVALID;
      return null;
    }
    this.state = expectation === null ? CS_NEW : CS_NEW | CS_RELATED;
    if (!request.commit && !request.force) return null;
    if (this.zoneLimits.isFull(request.zone)) return null;
    if (this.table.count >= this.maxConnections) {
      this.fullCount++;
      return null;
    }
    const connection = new Connection(key.slice(), reversedKey(key), beginProtocol(key, transport));
    connection.timeoutPolicy = request.timeoutPolicy ?? DEFAULT_TIMEOUT_POLICY;
    if (helper !== null && request.helper === helper) connection.helper = helper;
    if (expectation !== null) {
      connection.parent = { key: expectation.parentKey };
      connection.mark = expectation.parentMark;
      connection.label.set(expectation.parentLabel);
    }
    if (request.nat !== null) {
      if (!this.planNat(connection, request.nat, expectation)) {
        this.natExhaustedCount++;
        return null;
      }
      this.rewrite(connection);
    }
    this.table.insert(connection, request.nat !== null);
    connection.expirationMs =
      this.nowMs + this.timeoutPolicies.seconds(connection.timeoutPolicy, firstTimeout(connection.protocol)) * 1000;
    this.expiry.add(connection);
    connection.admission = this.zoneLimits.admit(request.zone);
    return connection;
  }

  /** Decides what NAT does to the connection; false when no tuple is free. */
  private planNat(
    connection: Connection,
    nat: NonNullable<CtRequest['nat']>,
    expectation: Expectation | null,
  ): boolean {
    if (expectation !== null) {
      const isDestination = expectation.isReplyDestinationReplaced;
      copyAddress(expectation.natAddress, 0, connection.reverseKey, isDestination ? KEY_DST : KEY_SRC);
      connection.natAction = isDestination ? NAT_SRC : NAT_DST;
      return true;
    }
    const plan = planNat(nat);
    connection.natAction = plan.action;
    return chooseUniqueTuple(connection.key, connection.reverseKey, plan, this.tupleSearch);
  }

  /** Rewrites the packet unless this zone has done so already. */
  private applyNat(connection: Connection, zone: number): void {
    if (connection.natAction === 0) return;
    if ((this.state & CS_NAT_MASK) !== 0) {
      if (zone === readCtZone(this.words, this.row)) return;
      this.state &= ~CS_NAT_MASK;
    }
    this.rewrite(connection);
  }

  private rewrite(connection: Connection): void {
    const action = this.isReply ? reverseNatAction(connection.natAction) : connection.natAction;
    if ((action & NAT_SRC) !== 0) this.state |= CS_SRC_NAT;
    else if ((action & NAT_DST) !== 0) this.state |= CS_DST_NAT;
    else return;
    const { packet, transport, ip } = this;
    const layers = { bytes: packet.bytes, view: packet.view, ip, transport: transport.at, end: transport.end };
    rewritePacket(layers, this.isReply ? connection.key : connection.reverseKey, action, this.isError);
    packet.isChanged = true;
  }

  private writeMetadata(
    zone: number,
    connection: Connection | null,
    key: ConnectionKey | null,
    expectation: Expectation | null,
  ): void {
    const { words, row } = this;
    writeCtStateAndZone(words, row, this.state | CS_TRACKED, zone);
    if (connection !== null) {
      writeCtMark(words, row, connection.mark);
      writeCtLabel(words, row, connection.label);
      writeOriginalTuple(words, row, connection.parent?.key ?? connection.key);
    } else if (expectation !== null) {
      writeCtMark(words, row, expectation.parentMark);
      writeCtLabel(words, row, expectation.parentLabel);
      writeOriginalTuple(words, row, expectation.parentKey);
    } else {
      clearCtMarkAndLabel(words, row);
      writeOriginalTuple(words, row, key);
    }
  }

  /** As update(), with FTP's sequence numbers brought back to what this end has sent before they are judged. */
  private updateWithHelper(connection: Connection, request: CtRequest, helper: CtHelper | null): boolean {
    if (helper !== 'ftp' || this.isError) return this.update(connection);
    const ftp = this.ftpPacket(request);
    const isPlain = ftpMessageOf(ftp, connection).kind === 'other';
    if (this.isReply !== connection.isReplySkewed) {
      if (isPlain) adjustSequence(ftp, connection, false);
      return this.update(connection);
    }
    const isNew = this.update(connection);
    if (!isNew && isPlain) adjustSequence(ftp, connection, false);
    return isNew;
  }

  private ftpPacket(request: CtRequest): FtpPacket {
    const { packet, transport } = this;
    return {
      packet,
      ip: this.ip,
      transport: transport.at,
      end: transport.end,
      isReply: this.isReply,
      hasNat: request.nat !== null,
      tailroom: packet.ownStart + packet.ownSize - packet.start - packet.length,
    };
  }

  /** Lets the helper of the connection look for announcements. */
  private runHelper(connection: Connection, request: CtRequest, helper: CtHelper | null): void {
    if (connection.helper === null || helper === null) return;
    if (helper === 'tftp') {
      this.expectations.add(sourcePortOf(connection.key), connection, (this.state & CS_REPLY_DIR) !== 0);
      return;
    }
    const ftp = this.ftpPacket(request);
    const message = ftpMessageOf(ftp, connection);
    if (message.kind === 'other') return;
    if (message.kind === 'invalid' || !isAnnouncementHonest(message, connection)) {
      this.state |= CS_TRACKED | CS_INVALID;
      return;
    }
    this.expectations.add(message.port, connection, (this.state & CS_REPLY_DIR) !== 0);
    const change = ftp.hasNat ? rewriteAnnouncement(ftp, message, connection) : 0;
    adjustSequence(ftp, connection, ftp.hasNat);
    if (change === 0) return;
    connection.sequenceSkew += change;
    connection.isReplySkewed = this.isReply;
  }
}
