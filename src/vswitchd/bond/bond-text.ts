/** What bond/list and bond/show print. Mirrors bond_unixctl_list() and bond_print_details() of bond.c. */
import { formatMac } from '../odp/address-text.js';
import type { Bond, BondMember } from './bond.js';

const BYTES_PER_KB = 1024;

export function bondListText(bonds: Iterable<Bond>): string {
  const lines = [...bonds].map(({ settings, recircId, members }) =>
    [settings.name, settings.mode, recircId, members.map(({ port }) => port.name).join(', ')].join('\t'),
  );
  return ['bond\ttype\trecircID\tmembers', ...lines, ''].join('\n');
}

const yes = (condition: boolean, yesWord: string, noWord: string): string => (condition ? yesWord : noWord);

export function bondText(bond: Bond, nowMs: number): string {
  const { settings, members, mayRecirculate, usesLbOutput, recircId, activeMac } = bond;
  const { primary } = settings;
  const isGone = primary !== null && !members.some(({ isPrimary }) => isPrimary);
  const sorted = [...members].sort((a, b) => (a.port.name < b.port.name ? -1 : 1));
  return [
    `---- ${settings.name} ----`,
    `bond_mode: ${settings.mode}`,
    `bond may use recirculation: ${yes(mayRecirculate, 'yes', 'no')}, Recirc-ID : ${mayRecirculate ? recircId : -1}`,
    `bond-hash-basis: ${settings.hashBasis}`,
    `lb_output action: ${yes(usesLbOutput, 'enabled', 'disabled')}, bond-id: ${usesLbOutput ? recircId : -1}`,
    ...(settings.mode === 'balance-slb' ? [`all members active: ${settings.allMembersActive}`] : []),
    `updelay: ${settings.updelayMs} ms`,
    `downdelay: ${settings.downdelayMs} ms`,
    ...(bond.isBalanced ? [`next rebalance: ${bond.nextRebalanceMs - nowMs} ms`] : []),
    `lacp_status: ${bond.lacpStatus}`,
    `lacp_fallback_ab: ${settings.fallsBack}`,
    `active-backup primary: ${primary ?? '<none>'}${isGone ? ' (no such member)' : ''}`,
    `active member mac: ${formatMac(activeMac, 0)}(${bond.memberByActiveMac()?.port.name ?? 'none'})`,
    ...sorted.flatMap((member) => memberLines(bond, member, nowMs)),
    '',
    '',
  ].join('\n');
}

function memberLines(bond: Bond, member: BondMember, nowMs: number): readonly string[] {
  const { port, isEnabled, mayEnable, delayExpiresMs } = member;
  const lines = ['', `member ${port.name}: ${yes(isEnabled, 'enabled', 'disabled')}`];
  if (member === bond.activeMember) lines.push('  active member');
  if (delayExpiresMs !== null) {
    lines.push(`  ${yes(isEnabled, 'downdelay', 'updelay')} expires in ${delayExpiresMs - nowMs} ms`);
  }
  lines.push(`  may_enable: ${mayEnable}`);
  if (!bond.isBalanced) return lines;
  bond.entries?.forEach((entry, bucket) => {
    const load = Math.floor(entry.txBytes / BYTES_PER_KB);
    if (entry.member === member && load > 0) lines.push(`  hash ${bucket}: ${load} kB load`);
  });
  return lines;
}
