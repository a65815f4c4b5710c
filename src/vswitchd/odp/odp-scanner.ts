/**
 * A cursor over datapath flow text, and the pieces of its language that every attribute is made of: numbers, masks after
 * a slash, addresses, flags, lists of named members. Mirrors the scan_*() functions and SCAN_* macros of lib/odp-util.c.
 */
import type { FlowKey } from '#flowtable/flow-key.js';
import { scanInteger } from '#src/openflow/number-text.js';
import type { ScannedAddress } from './address-text.js';
import { type FlagNames, scanFlags } from './odp-flags.js';

/** Something is wrong between the start of an attribute and here; OVS names the start alone. */
export class OdpSyntaxError extends Error {}

/** Walks a text; what it cannot read is an OdpSyntaxError. */
export class OdpScanner {
  at = 0;
  readonly text: string;
  readonly masks: boolean;

  constructor(text: string, masks: boolean) {
    this.text = text;
    this.masks = masks;
  }

  rest(): string {
    return this.text.slice(this.at);
  }

  take(literal: string): boolean {
    if (!this.text.startsWith(literal, this.at)) return false;
    this.at += literal.length;
    return true;
  }

  expect(literal: string): void {
    if (!this.take(literal)) throw new OdpSyntaxError();
  }

  skipDelimiters(): void {
    while (this.at < this.text.length && ', \t\r\n'.includes(this.text[this.at]!)) this.at++;
  }

  /** C's %i, cut to `bits` bits. */
  number(bits: number): bigint {
    // The C scanner takes white space, too, which flows do not have.
    const scanned = scanInteger(this.rest());
    if (scanned.length === 0) throw new OdpSyntaxError();
    this.at += scanned.length;
    return BigInt.asUintN(bits, scanned.value);
  }

  /** The mask after a slash, or null where none stands (or none may). */
  slashNumber(bits: number): bigint | null {
    if (!this.masks || this.text[this.at] !== '/') return null;
    if (scanInteger(this.text.slice(this.at + 1)).length === 0) return null;
    this.at++;
    return this.number(bits);
  }

  address(scan: (text: string) => ScannedAddress | null, size: number): { value: Uint8Array; mask: Uint8Array } {
    const value = scan(this.rest());
    if (value === null) throw new OdpSyntaxError();
    this.at += value.length;
    const mask = this.masks && this.text[this.at] === '/' ? scan(this.text.slice(this.at + 1)) : null;
    if (mask !== null) this.at += 1 + mask.length;
    return { value: value.bytes, mask: mask?.bytes ?? new Uint8Array(size).fill(0xff) };
  }

  flags(names: FlagNames, allowed: number): { flags: number; mask: number } {
    const scanned = scanFlags(this.rest(), names, allowed, this.masks);
    if (scanned === null) throw new OdpSyntaxError();
    this.at += scanned.length;
    return scanned;
  }
}

export function put(key: FlowKey, offset: number, size: number, value: bigint): void {
  let rest = value;
  for (let i = size - 1; i >= 0; i--) {
    key.bytes[offset + i] = Number(rest & 0xffn);
    rest >>= 8n;
  }
}

/**
 * Named members in any order, up to the closing parenthesis: `read` takes one that stands at the scanner and says
 * whether there was one.
 */
export function scanMemberList(scanner: OdpScanner, read: () => boolean): void {
  for (;;) {
    const found = read();
    if (scanner.take(')')) return;
    if (!found || !scanner.take(',')) throw new OdpSyntaxError();
  }
}
