/**
 * One TCP connection (RFC 9293 §3.10; Linux: net/ipv4/tcp_input.c, tcp_output.c, tcp_timer.c): the handshake, data in
 * order, retransmission with RFC 6298's timer, and every way to end.
 *
 * Invariants: bytes reach the other side once and in order; a connection that hears nothing ends by itself.
 *
 * Differs from Linux: a fixed window of ten segments instead of congestion control, no options but MSS, every segment
 * with data is acknowledged at once, and what comes out of order is left to be retransmitted.
 */
import { TCP_ACK, TCP_FIN, TCP_PSH, TCP_RST, TCP_SYN } from '#datapath/packet/tcp.js';
import type { Scheduler, Timer } from '#src/sim/scheduler.js';
import type { IpAddress } from './address.js';

export type TcpState =
  | 'SYN-SENT'
  | 'SYN-RECEIVED'
  | 'ESTABLISHED'
  | 'FIN-WAIT-1'
  | 'FIN-WAIT-2'
  | 'CLOSING'
  | 'TIME-WAIT'
  | 'CLOSE-WAIT'
  | 'LAST-ACK'
  | 'CLOSED';

export type TcpError = 'ECONNREFUSED' | 'ECONNRESET' | 'ETIMEDOUT' | 'EHOSTUNREACH' | 'ENETUNREACH';

export interface TcpHandlers {
  onConnect?(): void;
  /** `bytes` belong to the receiver. */
  onData?(bytes: Uint8Array): void;
  /** The other side will send no more. */
  onEnd?(): void;
  onClose?(error: TcpError | null): void;
}

export interface TcpEndpoints {
  readonly localAddress: IpAddress;
  readonly localPort: number;
  readonly remoteAddress: IpAddress;
  readonly remotePort: number;
}

export interface TcpSegment {
  readonly sequence: number;
  readonly acknowledgement: number;
  readonly flags: number;
  readonly window: number;
  readonly mss: number | null;
  readonly data: Uint8Array;
}

/** What a connection needs of the host. */
export interface TcpConnectionHost {
  readonly scheduler: Scheduler;
  /** Sends a segment of the connection; options.mss goes into a SYN. */
  transmit(connection: TcpConnection, segment: TcpSegment): void;
  /** The connection is gone: forget it. */
  closed(connection: TcpConnection): void;
  established(connection: TcpConnection): void;
}

const WINDOW = 64_240;
const SEGMENTS_IN_FLIGHT = 10;
const DEFAULT_MSS = 536;
const MAX_BUFFER_SIZE = 4 << 20;
const INITIAL_RTO_NS = 1e9;
const MIN_RTO_NS = 0.2e9;
const MAX_RTO_NS = 120e9;
const TIME_WAIT_NS = 60e9;
/** net.ipv4.tcp_syn_retries, tcp_synack_retries, tcp_retries2. */
const SYN_RETRIES = 6;
const SYN_ACK_RETRIES = 5;
const DATA_RETRIES = 15;
const NO_DATA = new Uint8Array(0);

/** a before b in sequence space. */
const isBefore = (a: number, b: number): boolean => ((a - b) | 0) < 0;

export class TcpConnection {
  readonly endpoints: TcpEndpoints;
  handlers: TcpHandlers = {};
  private readonly host: TcpConnectionHost;
  private currentState: TcpState = 'CLOSED';
  /** Oldest byte not acknowledged, next byte to send, where the stream begins. */
  private sendUnacknowledged: number;
  private sendNext: number;
  /** The furthest that was ever sent: what lies before it is a retransmission. */
  private sendMax: number;
  private sendWindow = WINDOW;
  private receiveNext = 0;
  private mss: number;
  private readonly ownMss: number;
  /** Bytes not acknowledged yet, sent or not; the first is that of sendUnacknowledged (once the SYN is through). */
  private buffer: Uint8Array = NO_DATA;
  private finWanted = false;
  private finSent = false;
  private rtoNs = INITIAL_RTO_NS;
  private smoothedRttNs = 0;
  private rttVariationNs = 0;
  private timed: { readonly end: number; readonly sentNs: number } | null = null;
  private retries = 0;
  private timer: Timer | null = null;

  constructor(host: TcpConnectionHost, endpoints: TcpEndpoints, initialSequence: number, ownMss: number) {
    this.host = host;
    this.endpoints = endpoints;
    this.sendUnacknowledged = initialSequence;
    this.sendNext = initialSequence;
    this.sendMax = initialSequence;
    this.ownMss = ownMss;
    this.mss = Math.min(ownMss, DEFAULT_MSS);
  }

  get state(): TcpState {
    return this.currentState;
  }

  /** Bytes given to send() that the other side has not acknowledged. */
  get unacknowledgedSize(): number {
    return this.buffer.length;
  }

  /** Begins the handshake. */
  open(): void {
    this.currentState = 'SYN-SENT';
    this.sendSyn();
  }

  /** Answers a SYN. */
  accept(segment: TcpSegment): void {
    this.currentState = 'SYN-RECEIVED';
    this.receiveNext = (segment.sequence + 1) >>> 0;
    this.learnPeer(segment);
    this.sendSyn();
  }

  /** Queues bytes; returns how many of them there was room for. */
  send(bytes: Uint8Array): number {
    if (this.finWanted || this.currentState === 'CLOSED') return 0;
    const room = Math.min(bytes.length, MAX_BUFFER_SIZE - this.buffer.length);
    const joined = new Uint8Array(this.buffer.length + room);
    joined.set(this.buffer);
    joined.set(bytes.subarray(0, room), this.buffer.length);
    this.buffer = joined;
    this.sendWhatFits();
    return room;
  }

  /** Ends our direction once all is sent. */
  close(): void {
    if (this.finWanted) return;
    this.finWanted = true;
    if (this.currentState === 'SYN-SENT') this.end(null);
    else this.sendWhatFits();
  }

  /** Ends at once with a reset. */
  abort(): void {
    if (this.currentState === 'CLOSED') return;
    if (this.currentState !== 'SYN-SENT' && this.currentState !== 'TIME-WAIT') {
      this.transmit(TCP_RST | TCP_ACK, this.sendNext, NO_DATA);
    }
    this.end(null);
  }

  /** The host learned that the connection cannot be, or that segments must be shorter. */
  fail(error: TcpError): void {
    this.end(error);
  }

  limitMss(mss: number): void {
    if (mss >= this.mss) return;
    this.mss = Math.max(mss, 88);
    this.sendNext = this.sendUnacknowledged;
    this.finSent = false;
    this.sendWhatFits();
  }

  receive(segment: TcpSegment): void {
    if (this.currentState === 'SYN-SENT') {
      this.receiveInSynSent(segment);
      return;
    }
    const { flags } = segment;
    if ((flags & TCP_RST) !== 0) {
      // RFC 5961 §3.2: only a reset with exactly the expected number counts.
      if (segment.sequence === this.receiveNext) this.end(this.currentState === 'TIME-WAIT' ? null : 'ECONNRESET');
      else this.acknowledge();
      return;
    }
    if ((flags & TCP_SYN) !== 0) {
      if (this.currentState === 'SYN-RECEIVED') this.sendSynSegment();
      else this.acknowledge();
      return;
    }
    if ((flags & TCP_ACK) === 0) return;
    if (!this.receiveAcknowledgement(segment)) return;
    this.receiveData(segment);
    this.sendWhatFits();
  }

  private receiveInSynSent(segment: TcpSegment): void {
    const { flags } = segment;
    const isAcknowledged = (flags & TCP_ACK) !== 0;
    if (isAcknowledged && segment.acknowledgement !== this.sendMax) {
      if ((flags & TCP_RST) === 0) this.transmit(TCP_RST, segment.acknowledgement, NO_DATA);
      return;
    }
    if ((flags & TCP_RST) !== 0) {
      if (isAcknowledged) this.end('ECONNREFUSED');
      return;
    }
    if ((flags & TCP_SYN) === 0) return;
    this.receiveNext = (segment.sequence + 1) >>> 0;
    this.learnPeer(segment);
    if (!isAcknowledged) {
      // Both sides opened at once (RFC 9293 §3.5).
      this.currentState = 'SYN-RECEIVED';
      this.sendSynSegment();
      return;
    }
    this.stopTimer();
    this.measure(segment.acknowledgement);
    this.sendUnacknowledged = segment.acknowledgement;
    this.currentState = 'ESTABLISHED';
    this.acknowledge();
    this.host.established(this);
    this.handlers.onConnect?.();
    this.sendWhatFits();
  }

  /** False where the segment is of no use beyond its acknowledgement. */
  private receiveAcknowledgement(segment: TcpSegment): boolean {
    const { acknowledgement } = segment;
    if (this.currentState === 'SYN-RECEIVED') {
      if (acknowledgement !== this.sendMax) {
        this.transmit(TCP_RST, acknowledgement, NO_DATA);
        return false;
      }
      this.stopTimer();
      this.measure(acknowledgement);
      this.sendUnacknowledged = acknowledgement;
      this.sendWindow = segment.window;
      this.currentState = 'ESTABLISHED';
      this.host.established(this);
      this.handlers.onConnect?.();
      return true;
    }
    if (isBefore(this.sendMax, acknowledgement)) {
      this.acknowledge();
      return false;
    }
    this.sendWindow = segment.window;
    if (!isBefore(this.sendUnacknowledged, acknowledgement)) return true;
    const isFinAcknowledged = this.finSent && acknowledgement === this.sendMax;
    const acknowledged = ((acknowledgement - this.sendUnacknowledged) >>> 0) - (isFinAcknowledged ? 1 : 0);
    this.buffer = this.buffer.slice(acknowledged);
    this.sendUnacknowledged = acknowledgement;
    if (isBefore(this.sendNext, acknowledgement)) this.sendNext = acknowledgement;
    this.measure(acknowledgement);
    this.retries = 0;
    this.stopTimer();
    if (this.sendUnacknowledged !== this.sendMax) this.startTimer();
    if (isFinAcknowledged) this.finAcknowledged();
    return this.currentState !== 'CLOSED';
  }

  private finAcknowledged(): void {
    switch (this.currentState) {
      case 'FIN-WAIT-1':
        this.currentState = 'FIN-WAIT-2';
        break;
      case 'CLOSING':
        this.enterTimeWait();
        break;
      case 'LAST-ACK':
        this.end(null);
        break;
      default:
        break;
    }
  }

  private receiveData(segment: TcpSegment): void {
    const hasFin = (segment.flags & TCP_FIN) !== 0;
    const size = segment.data.length;
    if (size === 0 && !hasFin) {
      // A probe from outside the window is answered, so that the other side learns where we are (RFC 9293 §3.10.7.4).
      if (segment.sequence !== this.receiveNext) this.acknowledge();
      return;
    }
    const known = (this.receiveNext - segment.sequence) | 0;
    if (known < 0 || known > size || (known === size && size > 0 && !hasFin)) {
      this.acknowledge();
      return;
    }
    const mayReceive =
      this.currentState === 'ESTABLISHED' || this.currentState === 'FIN-WAIT-1' || this.currentState === 'FIN-WAIT-2';
    const fresh = segment.data.slice(known);
    if (mayReceive && fresh.length > 0) {
      this.receiveNext = (this.receiveNext + fresh.length) >>> 0;
    }
    if (mayReceive && hasFin) this.receiveNext = (this.receiveNext + 1) >>> 0;
    this.acknowledge();
    if (!mayReceive) return;
    if (fresh.length > 0) this.handlers.onData?.(fresh);
    if (hasFin) this.receiveFin();
  }

  private receiveFin(): void {
    switch (this.currentState) {
      case 'ESTABLISHED':
        this.currentState = 'CLOSE-WAIT';
        break;
      case 'FIN-WAIT-1':
        this.currentState = 'CLOSING';
        break;
      case 'FIN-WAIT-2':
        this.enterTimeWait();
        break;
      default:
        break;
    }
    this.handlers.onEnd?.();
  }

  private learnPeer(segment: TcpSegment): void {
    this.mss = Math.min(this.ownMss, segment.mss ?? DEFAULT_MSS);
    this.sendWindow = segment.window;
  }

  private sendSyn(): void {
    this.sendNext = (this.sendUnacknowledged + 1) >>> 0;
    this.sendMax = this.sendNext;
    this.timed = { end: this.sendNext, sentNs: this.host.scheduler.nowNs() };
    this.sendSynSegment();
    this.startTimer();
  }

  private sendSynSegment(): void {
    const isAnswer = this.currentState === 'SYN-RECEIVED';
    this.host.transmit(this, {
      sequence: this.sendUnacknowledged,
      acknowledgement: isAnswer ? this.receiveNext : 0,
      flags: isAnswer ? TCP_SYN | TCP_ACK : TCP_SYN,
      window: WINDOW,
      mss: this.ownMss,
      data: NO_DATA,
    });
  }

  private sendWhatFits(): void {
    const state = this.currentState;
    const maySend =
      state === 'ESTABLISHED' ||
      state === 'CLOSE-WAIT' ||
      state === 'FIN-WAIT-1' ||
      state === 'CLOSING' ||
      state === 'LAST-ACK';
    if (!maySend) return;
    const window = Math.min(Math.max(this.sendWindow, 1), SEGMENTS_IN_FLIGHT * this.mss);
    for (;;) {
      const sent = (this.sendNext - this.sendUnacknowledged) >>> 0;
      const size = Math.min(this.mss, this.buffer.length - sent, window - sent);
      if (size <= 0) break;
      const isLast = sent + size === this.buffer.length;
      this.transmit(TCP_ACK | (isLast ? TCP_PSH : 0), this.sendNext, this.buffer.slice(sent, sent + size));
      this.advance(size);
    }
    const isAllSent = (this.sendNext - this.sendUnacknowledged) >>> 0 === this.buffer.length;
    if (this.finWanted && !this.finSent && isAllSent) {
      this.transmit(TCP_FIN | TCP_ACK, this.sendNext, NO_DATA);
      this.finSent = true;
      this.advance(1);
      if (state === 'ESTABLISHED') this.currentState = 'FIN-WAIT-1';
      else if (state === 'CLOSE-WAIT') this.currentState = 'LAST-ACK';
    }
  }

  private advance(size: number): void {
    const isRetransmission = isBefore(this.sendNext, this.sendMax);
    this.sendNext = (this.sendNext + size) >>> 0;
    if (isBefore(this.sendMax, this.sendNext)) this.sendMax = this.sendNext;
    // Karn's rule: what was sent twice measures nothing (RFC 6298 §3).
    if (isRetransmission) this.timed = null;
    else this.timed ??= { end: this.sendNext, sentNs: this.host.scheduler.nowNs() };
    if (this.timer === null) this.startTimer();
  }

  private acknowledge(): void {
    this.transmit(TCP_ACK, this.sendNext, NO_DATA);
  }

  private transmit(flags: number, sequence: number, data: Uint8Array): void {
    const acknowledgement = (flags & TCP_ACK) !== 0 ? this.receiveNext : 0;
    this.host.transmit(this, { sequence, acknowledgement, flags, window: WINDOW, mss: null, data });
  }

  private measure(acknowledgement: number): void {
    const timed = this.timed;
    if (timed === null || isBefore(acknowledgement, timed.end)) return;
    this.timed = null;
    const sampleNs = this.host.scheduler.nowNs() - timed.sentNs;
    if (this.smoothedRttNs === 0) {
      this.smoothedRttNs = sampleNs;
      this.rttVariationNs = sampleNs / 2;
    } else {
      this.rttVariationNs = (3 * this.rttVariationNs + Math.abs(this.smoothedRttNs - sampleNs)) / 4;
      this.smoothedRttNs = (7 * this.smoothedRttNs + sampleNs) / 8;
    }
    this.rtoNs = Math.min(MAX_RTO_NS, this.smoothedRttNs + Math.max(MIN_RTO_NS, 4 * this.rttVariationNs));
  }

  private startTimer(): void {
    this.timer?.cancel();
    const backoffNs = Math.min(MAX_RTO_NS, this.rtoNs * 2 ** this.retries);
    this.timer = this.host.scheduler.after(backoffNs, () => this.timeout());
  }

  private stopTimer(): void {
    this.timer?.cancel();
    this.timer = null;
  }

  private timeout(): void {
    this.timer = null;
    const state = this.currentState;
    const limit = state === 'SYN-SENT' ? SYN_RETRIES : state === 'SYN-RECEIVED' ? SYN_ACK_RETRIES : DATA_RETRIES;
    if (this.retries >= limit) {
      this.end('ETIMEDOUT');
      return;
    }
    this.retries++;
    this.timed = null;
    if (state === 'SYN-SENT' || state === 'SYN-RECEIVED') {
      this.sendSynSegment();
      this.startTimer();
      return;
    }
    this.sendNext = this.sendUnacknowledged;
    this.finSent = false;
    this.sendWhatFits();
  }

  private enterTimeWait(): void {
    this.currentState = 'TIME-WAIT';
    this.stopTimer();
    this.timer = this.host.scheduler.after(TIME_WAIT_NS, () => this.end(null), { background: true });
  }

  private end(error: TcpError | null): void {
    if (this.currentState === 'CLOSED') return;
    this.currentState = 'CLOSED';
    this.stopTimer();
    this.buffer = NO_DATA;
    this.host.closed(this);
    this.handlers.onClose?.(error);
  }
}
