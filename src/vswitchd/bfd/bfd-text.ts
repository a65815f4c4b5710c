/** What bfd/show prints, and Interface:bfd_status holds. Mirrors bfd_put_details() and bfd_get_status() of lib/bfd.c. */
import type { Bfd } from './bfd.js';

const STATE_NAMES = ['admin_down', 'down', 'init', 'up'] as const;

const DIAGNOSTIC_NAMES = [
  'No Diagnostic',
  'Control Detection Time Expired',
  'Echo Function Failed',
  'Neighbor Signaled Session Down',
  'Forwarding Plane Reset',
  'Path Down',
  'Concatenated Path Down',
  'Administratively Down',
  'Reverse Concatenated Path Down',
] as const;

/** By bit. */
const FLAG_NAMES = ['multipoint', 'demand', 'auth', 'ctl', 'final', 'poll'] as const;

const diagnosticName = (diagnostic: number): string => DIAGNOSTIC_NAMES[diagnostic] ?? 'Invalid Diagnostic';

const flagNames = (flags: number): string =>
  FLAG_NAMES.filter((_, bit) => (flags & (1 << bit)) !== 0).join(' ') || 'none';

const signed = (ms: number): string => `${ms < 0 ? '' : '+'}${ms}ms`;

export function bfdText(bfd: Bfd, nowMs: number): string {
  return [
    `  Forwarding: ${bfd.isForwarding()}`,
    `  Detect Multiplier: ${bfd.settings.multiplier}`,
    `  Concatenated Path Down: ${bfd.settings.isConcatenatedPathDown}`,
    `  TX Interval: Approx ${bfd.txIntervalMs}ms`,
    `  RX Interval: Approx ${bfd.rxIntervalMs}ms`,
    `  Detect Time: now ${signed(bfd.detectMs - nowMs)}`,
    `  Next TX Time: now ${signed(bfd.nextTxMs - nowMs)}`,
    `  Last TX Time: now ${signed(bfd.lastTxMs - nowMs)}`,
    '',
    `  Local Flags: ${flagNames(bfd.flags)}`,
    `  Local Session State: ${STATE_NAMES[bfd.state]}`,
    `  Local Diagnostic: ${diagnosticName(bfd.diagnostic)}`,
    `  Local Discriminator: 0x${bfd.identity.discriminator.toString(16)}`,
    `  Local Minimum TX Interval: ${bfd.shownMinTxMs}ms`,
    `  Local Minimum RX Interval: ${bfd.minRxMs}ms`,
    '',
    `  Remote Flags: ${flagNames(bfd.remoteFlags)}`,
    `  Remote Session State: ${STATE_NAMES[bfd.remoteState]}`,
    `  Remote Diagnostic: ${diagnosticName(bfd.remoteDiagnostic)}`,
    `  Remote Discriminator: 0x${bfd.remoteDiscriminator.toString(16)}`,
    `  Remote Minimum TX Interval: ${bfd.remoteMinTxMs}ms`,
    `  Remote Minimum RX Interval: ${bfd.remoteMinRxMs}ms`,
    `  Remote Detect Multiplier: ${bfd.remoteMultiplier}`,
    '',
  ].join('\n');
}

export function bfdStatus(bfd: Bfd): readonly (readonly [string, string])[] {
  return [
    ['forwarding', String(bfd.isForwarding())],
    ['state', STATE_NAMES[bfd.state]!],
    ['diagnostic', diagnosticName(bfd.diagnostic)],
    ['flap_count', String(bfd.flapCount)],
    ['remote_state', STATE_NAMES[bfd.remoteState]!],
    ['remote_diagnostic', diagnosticName(bfd.remoteDiagnostic)],
  ];
}
