/**
 * TCP: the states of both peers, and the check that a segment lies in the window (RFC 9293 §3.4, RFC 7323 §2).
 *
 * Mirrors lib/conntrack-tcp.c, which has it from OpenBSD's pf and Guido van Rooij's "Real Stateful TCP Packet
 * Filtering in IP Filter". A segment outside the window is invalid, unless the check is switched off. A connection may
 * be picked up midway, when window scales are not known and are taken to be the largest.
 *
 * Sequence numbers are signed 32-bit numbers and are compared by their difference, as RFC 9293 wants it.
 */
import { readU16, readU32 } from '../packet/byte-order.js';
import { TCP_ACK, TCP_FIN, TCP_PSH, TCP_RST, TCP_SYN, TCP_URG } from '../packet/tcp.js';
import {
  type ProtocolVerdict,
  type TransportView,
  UPDATE_INVALID,
  UPDATE_NEW,
  UPDATE_VALID,
  UPDATE_VALID_NEW,
} from './protocol.js';
import {
  makePeer,
  MAX_WSCALE,
  type TcpPeer,
  type TcpState,
  TCPS_CLOSED,
  TCPS_CLOSING,
  TCPS_ESTABLISHED,
  TCPS_FIN_WAIT_2,
  TCPS_SYN_SENT,
  TCPS_TIME_WAIT,
  WSCALE_KNOWN,
  WSCALE_MASK,
  WSCALE_UNKNOWN,
} from './tcp-state.js';

/** How far an acknowledgement may lie outside: the largest unscaled window and a segment. */
const MAX_ACK_WINDOW = 0xffff + 1500;

const INVALID: ProtocolVerdict = { result: UPDATE_INVALID, timeout: null };
const REOPENED: ProtocolVerdict = { result: UPDATE_NEW, timeout: null };
const SYN_AGAIN: ProtocolVerdict = { result: UPDATE_VALID_NEW, timeout: 'tcpSynSent' };
const LOOSE: ProtocolVerdict = { result: UPDATE_VALID, timeout: null };
const CLOSED: ProtocolVerdict = { result: UPDATE_VALID, timeout: 'tcpClose' };
const BOTH_CLOSING: ProtocolVerdict = { result: UPDATE_VALID, timeout: 'tcpTimeWait' };
const OPENING: ProtocolVerdict = { result: UPDATE_VALID, timeout: 'tcpSynRecv' };
const ONE_CLOSING: ProtocolVerdict = { result: UPDATE_VALID, timeout: 'tcpFinWait' };
const ESTABLISHED: ProtocolVerdict = { result: UPDATE_VALID, timeout: 'tcpEstablished' };

const isAtLeast = (a: number, b: number): boolean => ((a - b) | 0) >= 0;
const isAfter = (a: number, b: number): boolean => ((a - b) | 0) > 0;
const divideUp = (value: number, divisor: number): number => Math.ceil(value / divisor);

function flagsOf(packet: TransportView): number {
  return readU16(packet.bytes, packet.at + 12) & 0xfff;
}

function payloadSizeOf(packet: TransportView): number {
  return packet.end - packet.at - (packet.bytes[packet.at + 12]! >>> 4) * 4;
}

/** Combinations of flags that no TCP sends. */
function areFlagsInvalid(flags: number): boolean {
  if ((flags & TCP_SYN) !== 0) {
    if ((flags & (TCP_RST | TCP_FIN)) !== 0) return true;
  } else if ((flags & (TCP_ACK | TCP_RST)) === 0) return true;
  return (flags & TCP_ACK) === 0 && (flags & (TCP_FIN | TCP_PSH | TCP_URG)) !== 0;
}

/** The window scale option with WSCALE_KNOWN, or 0 where there is none. The header has been checked to be whole. */
function windowScaleOf(packet: TransportView): number {
  const { bytes } = packet;
  let option = packet.at + 20;
  let left = (bytes[packet.at + 12]! >>> 4) * 4 - 20;
  let scale = 0;
  while (left >= 3) {
    const kind = bytes[option]!;
    if (kind === 0) break;
    if (kind === 1) {
      option++;
      left--;
      continue;
    }
    if (kind === 3) scale = Math.min(bytes[option + 2]!, MAX_WSCALE) | WSCALE_KNOWN;
    const size = Math.max(bytes[option + 1]!, 2);
    option += size;
    left -= size;
  }
  return scale;
}

/** A SYN begins a connection, and so does a segment of one that was there before; a SYN+ACK does not. */
export function mayBeginTcp(packet: TransportView): boolean {
  const flags = flagsOf(packet);
  return !areFlagsInvalid(flags) && (flags & (TCP_SYN | TCP_ACK)) !== (TCP_SYN | TCP_ACK);
}

export function beginTcp(packet: TransportView): TcpState {
  const flags = flagsOf(packet);
  const original = makePeer();
  const reply = makePeer();
  original.seqLow = readU32(packet.bytes, packet.at + 4) | 0;
  original.seqHigh = (original.seqLow + payloadSizeOf(packet) + 1) | 0;
  if ((flags & TCP_SYN) !== 0) {
    original.seqHigh = (original.seqHigh + 1) | 0;
    original.windowScale = windowScaleOf(packet);
  } else {
    original.windowScale = WSCALE_UNKNOWN;
    reply.windowScale = WSCALE_UNKNOWN;
  }
  original.maxWindow = Math.max(readU16(packet.bytes, packet.at + 14), 1);
  const scale = original.windowScale & WSCALE_MASK;
  // The window of a SYN is not scaled.
  if (scale !== 0) original.maxWindow = divideUp(original.maxWindow, 1 << scale);
  if ((flags & TCP_FIN) !== 0) original.seqHigh = (original.seqHigh + 1) | 0;
  reply.seqHigh = 1;
  reply.maxWindow = 1;
  original.state = TCPS_SYN_SENT;
  reply.state = TCPS_CLOSED;
  return { kind: 'tcp', original, reply };
}

export function updateTcp(
  state: TcpState,
  packet: TransportView,
  isReply: boolean,
  isSequenceChecked: boolean,
): ProtocolVerdict {
  const source = isReply ? state.reply : state.original;
  const target = isReply ? state.original : state.reply;
  const { bytes, at } = packet;
  const flags = flagsOf(packet);
  if (areFlagsInvalid(flags)) return INVALID;

  if ((flags & (TCP_SYN | TCP_ACK)) === TCP_SYN) {
    if (target.state >= TCPS_FIN_WAIT_2 && source.state >= TCPS_FIN_WAIT_2) {
      source.state = target.state = TCPS_CLOSED;
      return REOPENED;
    }
    if (source.state <= TCPS_SYN_SENT) {
      source.state = TCPS_SYN_SENT;
      return SYN_AGAIN;
    }
  }

  // Scales count once both are known, and never for a SYN.
  let sourceScale = 0;
  let targetScale = 0;
  if ((flags & TCP_SYN) === 0) {
    const both = source.windowScale & target.windowScale;
    if ((both & WSCALE_KNOWN) !== 0) {
      sourceScale = source.windowScale & WSCALE_MASK;
      targetScale = target.windowScale & WSCALE_MASK;
    } else if ((both & WSCALE_UNKNOWN) !== 0) sourceScale = targetScale = MAX_WSCALE;
  }

  let window = readU16(bytes, at + 14);
  const firstSeq = readU32(bytes, at + 4) | 0;
  let seq = firstSeq;
  let ack = readU32(bytes, at + 8) | 0;
  let end = (seq + payloadSizeOf(packet) + ((flags & TCP_SYN) !== 0 ? 1 : 0) + ((flags & TCP_FIN) !== 0 ? 1 : 0)) | 0;
  let isAckChecked = true;

  if (source.state < TCPS_SYN_SENT) {
    // The first segment from this end.
    if ((flags & TCP_SYN) !== 0 && (target.windowScale & WSCALE_KNOWN) !== 0) {
      source.windowScale = windowScaleOf(packet);
      if ((source.windowScale & WSCALE_KNOWN) !== 0) {
        sourceScale = source.windowScale & WSCALE_MASK;
        window = divideUp(window, 1 << sourceScale);
        targetScale = target.windowScale & WSCALE_MASK;
      } else {
        // This end does not scale, so the other does not either.
        target.maxWindow = (target.maxWindow << (target.windowScale & WSCALE_MASK)) & 0xffff;
        target.windowScale = 0;
      }
    }
    source.seqLow = seq;
    source.state = TCPS_SYN_SENT;
    const high = (end + Math.max(1, target.maxWindow << targetScale)) | 0;
    if (source.seqHigh === 1 || isAtLeast(high, source.seqHigh)) {
      source.seqHigh = high;
      isAckChecked = false;
    }
    if (window > source.maxWindow) source.maxWindow = window;
  }

  // Without an acknowledgement (or with the zero that some stacks put into a reset) there is nothing to compare.
  if ((flags & TCP_ACK) === 0 || (ack === 0 && (flags & TCP_RST) !== 0)) ack = target.seqLow;
  // A segment without data is judged by less.
  if (seq === end) end = seq = source.seqLow;

  const ackSkew = isAckChecked ? (target.seqLow - ack) | 0 : 0;
  const isInWindow =
    isAtLeast(source.seqHigh, end) &&
    isAtLeast(seq, (source.seqLow - (target.maxWindow << targetScale)) | 0) &&
    ackSkew >= -MAX_ACK_WINDOW &&
    ackSkew <= MAX_ACK_WINDOW << sourceScale &&
    ((flags & TCP_RST) === 0 || Math.abs((firstSeq - source.seqLow) | 0) <= 1);
  if (isInWindow || !isSequenceChecked) {
    moveWindow(source, target, window, sourceScale, end, ack);
    return moveStates(source, target, flags);
  }

  // Awkward openings and closings, and connections picked up midway: let through, without prolonging them.
  const isLoose =
    (target.state < TCPS_SYN_SENT || target.state >= TCPS_FIN_WAIT_2 || source.state >= TCPS_FIN_WAIT_2) &&
    isAtLeast((source.seqHigh + MAX_ACK_WINDOW) | 0, end) &&
    isAtLeast(seq, (source.seqLow - MAX_ACK_WINDOW) | 0);
  if (!isLoose) return INVALID;
  moveWindow(source, target, window, sourceScale, end, ack);
  if ((flags & TCP_FIN) !== 0 && source.state < TCPS_CLOSING) source.state = TCPS_CLOSING;
  if ((flags & TCP_RST) !== 0) source.state = target.state = TCPS_TIME_WAIT;
  return LOOSE;
}

function moveWindow(source: TcpPeer, target: TcpPeer, window: number, scale: number, end: number, ack: number): void {
  if (source.maxWindow < window) source.maxWindow = window;
  if (isAfter(end, source.seqLow)) source.seqLow = end;
  const high = (ack + (window << scale)) | 0;
  if (isAtLeast(high, target.seqHigh)) target.seqHigh = (ack + Math.max(window << scale, 1)) | 0;
}

function moveStates(source: TcpPeer, target: TcpPeer, flags: number): ProtocolVerdict {
  if ((flags & TCP_SYN) !== 0 && source.state < TCPS_SYN_SENT) source.state = TCPS_SYN_SENT;
  if ((flags & TCP_FIN) !== 0 && source.state < TCPS_CLOSING) source.state = TCPS_CLOSING;
  if ((flags & TCP_ACK) !== 0) {
    if (target.state === TCPS_SYN_SENT) target.state = TCPS_ESTABLISHED;
    else if (target.state === TCPS_CLOSING) target.state = TCPS_FIN_WAIT_2;
  }
  if ((flags & TCP_RST) !== 0) source.state = target.state = TCPS_TIME_WAIT;

  if (source.state >= TCPS_FIN_WAIT_2 && target.state >= TCPS_FIN_WAIT_2) return CLOSED;
  if (source.state >= TCPS_CLOSING && target.state >= TCPS_CLOSING) return BOTH_CLOSING;
  if (source.state < TCPS_ESTABLISHED || target.state < TCPS_ESTABLISHED) return OPENING;
  if (source.state >= TCPS_CLOSING || target.state >= TCPS_CLOSING) return ONE_CLOSING;
  return ESTABLISHED;
}
