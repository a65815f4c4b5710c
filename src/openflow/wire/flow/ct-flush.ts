/**
 * NXT_CT_FLUSH of OVS's extensions: protocol (1), zeros (7), then as properties the tuples of both directions and the
 * zone. Mirrors lib/ofp-ct.c. NXT_CT_FLUSH_ZONE: zeros (6), zone (2).
 *
 * Addresses are IPv6's; one of IPv4 is mapped into it (RFC 4291 §2.5.5.2), and one of zeros stands for any.
 */
import { formatIpv4, formatIpv6 } from '../../address-text.js';
import { type CtFlushRequest, type CtTuple, OpenFlowError } from '../../switch-connection.js';
import type { ByteReader } from '../byte-reader.js';
import type { ByteWriter } from '../byte-writer.js';
import { nxt } from '../message-code.js';
import type { MessageKind } from '../message-kind.js';
import { type Property, putAligned, putProperty, putU16, putU8, readProperty } from '../property.js';

/** One direction; zero: any. */
export interface WireTuple {
  readonly source: bigint;
  readonly destination: bigint;
  readonly sourcePort: number;
  readonly destinationPort: number;
  readonly icmpId: number;
  readonly icmpType: number;
  readonly icmpCode: number;
}

export interface CtFlushMessage {
  readonly kind: 'ct-flush';
  readonly zone: number | null;
  /** What the last address says. */
  readonly family: 4 | 6 | null;
  readonly protocol: number;
  readonly original: WireTuple;
  readonly reply: WireTuple;
}

const ANY: WireTuple = {
  source: 0n,
  destination: 0n,
  sourcePort: 0,
  destinationPort: 0,
  icmpId: 0,
  icmpType: 0,
  icmpCode: 0,
};

const ICMP = 1;
const ICMPV6 = 58;
const isIcmp = (protocol: number): boolean => protocol === ICMP || protocol === ICMPV6;

const MAPPED = 0xffffn << 32n;
const isMapped = (address: bigint): boolean => address >> 32n === 0xffffn;

/** NXT_CT_*, NXT_CT_TUPLE_*. */
const ORIGINAL = 0;
const REPLY = 1;
const ZONE = 2;
const TUPLE = { source: 0, destination: 1, sourcePort: 2, destinationPort: 3, icmpId: 4, icmpType: 5, icmpCode: 6 };

/** Both tuples have addresses of one family. */
class FamilyReader {
  family: 4 | 6 | null = null;

  address(property: Property): bigint {
    const value = property.value();
    if (value.remaining < 16) throw new OpenFlowError('OFPBPC_BAD_LEN');
    const address = (value.u64() << 64n) | value.u64();
    const family = address === 0n ? null : isMapped(address) ? 4 : 6;
    if (this.family !== null && family !== null && this.family !== family) throw new OpenFlowError('OFPBPC_BAD_VALUE');
    this.family = family;
    return address;
  }
}

function readTuple(reader: ByteReader, before: WireTuple, families: FamilyReader): WireTuple {
  const tuple = { ...before };
  while (reader.remaining > 0) {
    const property = readProperty(reader);
    switch (property.type) {
      case TUPLE.source:
        tuple.source = families.address(property);
        break;
      case TUPLE.destination:
        tuple.destination = families.address(property);
        break;
      case TUPLE.sourcePort:
        tuple.sourcePort = property.u16();
        break;
      case TUPLE.destinationPort:
        tuple.destinationPort = property.u16();
        break;
      case TUPLE.icmpId:
        tuple.icmpId = property.u16();
        break;
      case TUPLE.icmpType:
        tuple.icmpType = property.u8();
        break;
      case TUPLE.icmpCode:
        tuple.icmpCode = property.u8();
        break;
    }
  }
  return tuple;
}

function writeAddress(writer: ByteWriter, type: number, address: bigint): void {
  if (address === 0n) return;
  putProperty(writer, type, () => {
    writer.u64(address >> 64n);
    writer.u64(address);
  });
}

function writeTuple(writer: ByteWriter, type: number, tuple: WireTuple, protocol: number): void {
  const { source, destination, sourcePort, destinationPort, icmpId, icmpType, icmpCode } = tuple;
  const isEmpty = source === 0n && destination === 0n && sourcePort === 0 && destinationPort === 0;
  if (isEmpty && !isIcmp(protocol)) return;
  putAligned(writer, type, () => {
    writeAddress(writer, TUPLE.source, source);
    writeAddress(writer, TUPLE.destination, destination);
    if (isIcmp(protocol)) {
      putU16(writer, TUPLE.icmpId, icmpId);
      putU8(writer, TUPLE.icmpType, icmpType);
      putU8(writer, TUPLE.icmpCode, icmpCode);
    } else {
      if (sourcePort !== 0) putU16(writer, TUPLE.sourcePort, sourcePort);
      if (destinationPort !== 0) putU16(writer, TUPLE.destinationPort, destinationPort);
    }
  });
}

const addressText = (address: bigint): string =>
  isMapped(address) ? formatIpv4(address & 0xffff_ffffn) : formatIpv6(address);

function tupleText(tuple: WireTuple, { family, protocol }: CtFlushMessage): string {
  const name = family === 4 ? 'ct_nw' : 'ct_ipv6';
  const addresses = `${name}_src=${addressText(tuple.source)},${name}_dst=${addressText(tuple.destination)}`;
  const { sourcePort, destinationPort, icmpId, icmpType, icmpCode } = tuple;
  return isIcmp(protocol)
    ? `${addresses},icmp_id=${icmpId},icmp_type=${icmpType},icmp_code=${icmpCode}`
    : `${addresses},ct_tp_src=${sourcePort},ct_tp_dst=${destinationPort}`;
}

function wireTuple(tuple: CtTuple | null, family: 4 | 6 | null): WireTuple {
  if (tuple === null) return ANY;
  const address = (value: bigint | null): bigint => (value === null ? 0n : family === 4 ? MAPPED | value : value);
  return {
    source: address(tuple.source),
    destination: address(tuple.destination),
    sourcePort: tuple.sourcePort ?? 0,
    destinationPort: tuple.destinationPort ?? 0,
    icmpId: tuple.icmpId ?? 0,
    icmpType: tuple.icmpType ?? 0,
    icmpCode: tuple.icmpCode ?? 0,
  };
}

function tupleOf(tuple: WireTuple): CtTuple {
  const address = (value: bigint): bigint | null =>
    value === 0n ? null : isMapped(value) ? value & 0xffff_ffffn : value;
  const number = (value: number): number | null => (value === 0 ? null : value);
  return {
    source: address(tuple.source),
    destination: address(tuple.destination),
    sourcePort: number(tuple.sourcePort),
    destinationPort: number(tuple.destinationPort),
    icmpId: number(tuple.icmpId),
    icmpType: number(tuple.icmpType),
    icmpCode: number(tuple.icmpCode),
  };
}

/** A request as its message has it. */
export const ctFlushMessageOf = ({ zone, family, protocol, original, reply }: CtFlushRequest): CtFlushMessage => ({
  kind: 'ct-flush',
  zone,
  family,
  protocol,
  original: wireTuple(original, family),
  reply: wireTuple(reply, family),
});

/** What a message asks for. */
export const ctFlushRequestOf = ({ zone, family, protocol, original, reply }: CtFlushMessage): CtFlushRequest => ({
  zone,
  family,
  protocol,
  original: tupleOf(original),
  reply: tupleOf(reply),
});

export const ctFlushMessage: MessageKind<CtFlushMessage> = {
  kind: 'ct-flush',
  codes: [nxt('CT_FLUSH', [10, 15], 32, { size: 8, unit: 8 })],
  decode(body) {
    const protocol = body.u8();
    for (let i = 0; i < 7; i++) if (body.u8() !== 0) throw new OpenFlowError('NXBRC_MUST_BE_ZERO');
    const families = new FamilyReader();
    let [original, reply] = [ANY, ANY];
    let zone: number | null = null;
    while (body.remaining > 0) {
      const property = readProperty(body);
      // Others are let pass.
      if (property.type === ORIGINAL) original = readTuple(property.aligned(), original, families);
      else if (property.type === REPLY) reply = readTuple(property.aligned(), reply, families);
      else if (property.type === ZONE) zone = property.u16();
    }
    return { kind: 'ct-flush', zone, family: families.family, protocol, original, reply };
  },
  encode({ zone, protocol, original, reply }, body) {
    body.u8(protocol);
    body.zeros(7);
    writeTuple(body, ORIGINAL, original, protocol);
    writeTuple(body, REPLY, reply, protocol);
    if (zone !== null) putU16(body, ZONE, zone);
  },
  format(message) {
    const { zone, protocol, original, reply } = message;
    return ` zone=${zone ?? 0} '${tupleText(original, message)},ct_nw_proto=${protocol}' '${tupleText(reply, message)}'`;
  },
};

export interface CtFlushZoneMessage {
  readonly kind: 'ct-flush-zone';
  readonly zone: number;
  /** A switch answers NXBRC_MUST_BE_ZERO where what is reserved is not zero; whoever prints the message does not ask. */
  readonly hasReservedBits: boolean;
}

export const ctFlushZoneMessage: MessageKind<CtFlushZoneMessage> = {
  kind: 'ct-flush-zone',
  codes: [nxt('CT_FLUSH_ZONE', [10, 15], 29, { size: 8, unit: 0 })],
  decode(body) {
    const hasReservedBits = body.view(6).some((byte) => byte !== 0);
    return { kind: 'ct-flush-zone', zone: body.u16(), hasReservedBits };
  },
  encode({ zone }, body) {
    body.zeros(6);
    body.u16(zone);
  },
  format: ({ zone }) => ` zone_id=${zone}`,
};
