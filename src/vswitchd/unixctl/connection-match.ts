/**
 * Which connections dpctl/flush-conntrack is to end: `ct_nw_src=10.0.0.1,ct_nw_proto=6,ct_tp_dst=80`.
 *
 * Mirrors ofp_ct_tuple_parse() of lib/ofp-ct.c and ct_dpif_entry_cmp() of lib/ct-dpif.c: what is not given, or given as
 * zero, matches anything; but of ICMP the identifier, type and code always count.
 */
import type { ConnectionEntry, ConnectionTuple } from '#datapath/conntrack/connection-entry.js';
import { parseU16, parseU8 } from '#src/openflow/number-text.js';
import { UserError } from '#src/report/user-error.js';
import { parseIpv6, scanIpv4 } from '../odp/address-text.js';

const ICMP = 1;
const ICMPV6 = 58;

interface PartialTuple {
  source: Uint8Array | null;
  destination: Uint8Array | null;
  sourcePort: number;
  destinationPort: number;
  icmpId: number;
  icmpType: number;
  icmpCode: number;
}

const emptyTuple = (): PartialTuple => ({
  source: null,
  destination: null,
  sourcePort: 0,
  destinationPort: 0,
  icmpId: 0,
  icmpType: 0,
  icmpCode: 0,
});

export class ConnectionMatch {
  private readonly original = emptyTuple();
  private readonly reply = emptyTuple();
  private protocol = 0;
  private addressSize: 4 | 16 | null = null;

  /** Texts of the original and the reply tuple; either may be missing. Throws UserError with OVS's words. */
  constructor(texts: readonly string[]) {
    if (texts[0] !== undefined) this.read(texts[0], this.original);
    if (texts[1] !== undefined) this.read(texts[1], this.reply);
  }

  matchesAll(): boolean {
    const isEmpty = (tuple: PartialTuple): boolean =>
      tuple.source === null && tuple.destination === null && tuple.sourcePort === 0 && tuple.destinationPort === 0;
    return this.protocol === 0 && this.addressSize === null && isEmpty(this.original) && isEmpty(this.reply);
  }

  /** The one tuple that the match means, or null where it may mean several. */
  exactTuple(): ConnectionTuple | null {
    const { source, destination, sourcePort, destinationPort, icmpId, icmpType, icmpCode } = this.original;
    const isIcmp = this.isIcmp();
    if (source === null || destination === null || this.reply.source !== null || this.reply.destination !== null) {
      return null;
    }
    if (!isIcmp && (sourcePort === 0 || destinationPort === 0)) return null;
    if (!isIcmp && (this.reply.sourcePort !== 0 || this.reply.destinationPort !== 0)) return null;
    return {
      protocol: this.protocol,
      source,
      destination,
      ends: isIcmp
        ? { kind: 'icmp', id: icmpId, type: icmpType, code: icmpCode }
        : { kind: 'ports', source: sourcePort, destination: destinationPort },
    };
  }

  matches(entry: ConnectionEntry): boolean {
    if (this.addressSize !== null && this.addressSize !== entry.original.source.length) return false;
    if (this.protocol !== 0 && this.protocol !== entry.original.protocol) return false;
    return this.matchesTuple(this.original, entry.original) && this.matchesTuple(this.reply, entry.reply);
  }

  private isIcmp(): boolean {
    return this.protocol === ICMP || this.protocol === ICMPV6;
  }

  private matchesTuple(wanted: PartialTuple, { source, destination, ends }: ConnectionTuple): boolean {
    const isSame = (a: Uint8Array | null, b: Uint8Array): boolean => a === null || a.every((byte, i) => byte === b[i]);
    if (!isSame(wanted.source, source) || !isSame(wanted.destination, destination)) return false;
    if (ends.kind === 'icmp') {
      if (!this.isIcmp()) return wanted.sourcePort === 0 && wanted.destinationPort === 0;
      return wanted.icmpId === ends.id && wanted.icmpType === ends.type && wanted.icmpCode === ends.code;
    }
    return (
      (wanted.sourcePort === 0 || wanted.sourcePort === ends.source) &&
      (wanted.destinationPort === 0 || wanted.destinationPort === ends.destination)
    );
  }

  private read(text: string, tuple: PartialTuple): void {
    for (const [key, value] of keyValues(text)) this.readMember(key, value, tuple);
    if (this.protocol === 0 && (tuple.sourcePort !== 0 || tuple.destinationPort !== 0)) {
      throw new UserError('port is set without protocol');
    }
  }

  private readMember(key: string, value: string, tuple: PartialTuple): void {
    switch (key) {
      case 'ct_nw_src':
      case 'ct_ipv6_src':
        tuple.source = this.readAddress(key, value, tuple.source);
        return;
      case 'ct_nw_dst':
      case 'ct_ipv6_dst':
        tuple.destination = this.readAddress(key, value, tuple.destination);
        return;
      case 'ct_nw_proto':
        this.protocol = readNumber(key, value, parseU8);
        return;
      case 'ct_tp_src':
        tuple.sourcePort = readNumber(key, value, parseU16);
        return;
      case 'ct_tp_dst':
        tuple.destinationPort = readNumber(key, value, parseU16);
        return;
      case 'icmp_type':
      case 'icmp_code':
      case 'icmp_id':
        if (!this.isIcmp()) throw new UserError('invalid L4 fields');
        if (key === 'icmp_type') tuple.icmpType = readNumber(key, value, parseU8);
        else if (key === 'icmp_code') tuple.icmpCode = readNumber(key, value, parseU8);
        else tuple.icmpId = readNumber(key, value, parseU16);
        return;
      default:
        throw new UserError(`invalid conntrack tuple field: ${key}`);
    }
  }

  private readAddress(key: string, value: string, before: Uint8Array | null): Uint8Array | null {
    const size = key.startsWith('ct_ipv6') ? 16 : 4;
    if (this.addressSize !== null && this.addressSize !== size) {
      throw new UserError(`the L3 protocol does not match ${value}`);
    }
    if (before !== null) throw new UserError(`${key} is set multiple times`);
    const scanned = size === 4 ? scanIpv4(value) : null;
    const bytes = size === 16 ? parseIpv6(value) : scanned?.length === value.length ? scanned.bytes : null;
    if (bytes === null) throw new UserError(`failed to parse field ${key}`);
    this.addressSize = size;
    // An address of IPv6 that is zero is none; one of IPv4 is, since OVS keeps it mapped into IPv6.
    return size === 16 && bytes.every((byte) => byte === 0) ? null : bytes;
  }
}

function readNumber(key: string, value: string, parse: (text: string, what: string) => number): number {
  try {
    return parse(value, key);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    throw new UserError(`failed to parse field ${key}`);
  }
}

/** `a=1,b=2` in pairs; throws for a key without a value. */
export function keyValues(text: string): readonly (readonly [key: string, value: string])[] {
  return text
    .split(/[,\s]+/)
    .filter((part) => part !== '')
    .map((part) => {
      const equals = part.indexOf('=');
      const key = equals < 0 ? part : part.slice(0, equals);
      const value = equals < 0 ? '' : part.slice(equals + 1);
      if (value === '') throw new UserError(`field ${key} missing value`);
      return [key, value] as const;
    });
}
