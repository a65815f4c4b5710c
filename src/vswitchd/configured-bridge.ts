/** What configuration remembers of the bridges and interfaces that it made, to tell what has changed. */
import type { Row } from '#src/ovsdb/database.js';
import type { Bridge } from './bridge.js';
import type { Bundle, SwitchPort } from './bundle.js';
import type { Ofproto } from './ofproto.js';
import type { OvsHmap } from './ovs-hmap.js';
import type { OpenFlowNumbers } from './port-numbers.js';

/** A bridge with what configuration remembers of it. */
export interface ConfiguredBridge {
  readonly bridge: Bridge;
  readonly ofproto: Ofproto;
  readonly numbers: OpenFlowNumbers;
  /** Numbers of interfaces that are made anew with other options only: they have them again. */
  readonly keptNumbers: Map<string, number>;
  readonly bundles: OvsHmap<string, Bundle>;
  readonly interfaces: Map<string, ConfiguredInterface>;
  /** Ports as their bundles were last made of them. */
  readonly portRows: Map<string, Row | null>;
  failMode: string;
  /** For a bridge none of whose ports has a MAC of its maker's. */
  readonly defaultMac: Uint8Array;
}

export interface ConfiguredInterface {
  readonly name: string;
  readonly type: string;
  readonly port: SwitchPort;
  readonly settings: string;
  /** As last looked at: a row that is the same object has not changed. */
  row: Row | null;
}

export function interfaceType(entry: ConfiguredBridge, name: string, row: Row | null): string {
  if (name === entry.bridge.name) return 'internal';
  const type = row?.string('type') ?? '';
  return type === 'dummy-internal' ? 'internal' : type;
}

/** What may not change while the interface lives; options of dummies may, and the peer of a patch port. */
export function settingsOf(row: Row, entry: ConfiguredBridge): string {
  const name = row.string('name') ?? '';
  const type = interfaceType(entry, name, row);
  const isDummy = type === 'dummy' || type === 'internal';
  const peer = row.map('options').get('peer') ?? '';
  const isPatch = type === 'patch' && peer !== '' && peer !== name;
  const options = isDummy || isPatch ? [] : [...row.map('options')].sort(([a], [b]) => (a < b ? -1 : 1));
  return JSON.stringify([type, options, row.integer('ofport_request') ?? null]);
}

/** Do two results of settingsOf() differ in options at most? OVS changes those of a port that lives on. */
export function isSamePort(settings: string, other: string): boolean {
  // The bridge's own port has no settings while it is in no record.
  if (settings === '' || other === '') return false;
  const [type, , request] = JSON.parse(settings) as readonly unknown[];
  const [otherType, , otherRequest] = JSON.parse(other) as readonly unknown[];
  return type === otherType && request === otherRequest;
}
