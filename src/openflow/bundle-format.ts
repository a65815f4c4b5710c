/** Bundles as ovs-ofctl prints the messages that open, fill and close them. Mirrors lib/ofp-bundle.c. */
import { formatBitNames } from './bit-names.js';
import { formatHex } from './number-text.js';

/** OFPBCT_*, by number. */
export const BUNDLE_CONTROL_TYPES = [
  'OPEN_REQUEST',
  'OPEN_REPLY',
  'CLOSE_REQUEST',
  'CLOSE_REPLY',
  'COMMIT_REQUEST',
  'COMMIT_REPLY',
  'DISCARD_REQUEST',
  'DISCARD_REPLY',
] as const;

/** OFPBF_*: all messages or none, one behind the other. */
export const BUNDLE_ATOMIC = 1;
export const BUNDLE_ORDERED = 2;

const FLAG_NAMES: readonly string[] = ['atomic', 'ordered'];

export interface BundleControl {
  readonly bundleId: number;
  /** A number that is none of BUNDLE_CONTROL_TYPES is shown as nothing. */
  readonly type: number;
  readonly flags: number;
}

export const formatBundleFlags = (flags: number): string => formatBitNames(flags, FLAG_NAMES, ' ');

/** What follows the message's name. */
export function formatBundleControl({ bundleId, type, flags }: BundleControl): string {
  const name = BUNDLE_CONTROL_TYPES[type] ?? '';
  return `\n bundle_id=${formatHex(bundleId)} type=${name} flags=${formatBundleFlags(flags)}`;
}
