/** What IPFIX exporters have sampled and sent, as ovs-ofctl prints it. Mirrors lib/ofp-ipfix.c. */
import type { IpfixStats } from './switch-connection.js';

/** Counters as a switch keeps them, or as a message has them: all ones where it does not know. */
export type IpfixCounters = { readonly [K in keyof IpfixStats]: number | bigint };

const UNKNOWN = 0xffff_ffff_ffff_ffffn;

function formatCounters(stats: IpfixCounters, indent: number): string {
  const count = (name: keyof IpfixStats): string => (stats[name] === UNKNOWN ? '?' : String(stats[name]));
  return (
    `flows=${count('flows')}, current flows=${count('currentFlows')}, sampled pkts=${count('packets')}, ` +
    `ipv4 ok=${count('ipv4Packets')}, ipv6 ok=${count('ipv6Packets')}, tx pkts=${count('sent')}\n` +
    `${' '.repeat(indent)}pkts errs=${count('errorPackets')}, ipv4 errs=${count('ipv4ErrorPackets')}, ` +
    `ipv6 errs=${count('ipv6ErrorPackets')}, tx errs=${count('sendErrors')}\n`
  );
}

/** A bridge's own exporter; what follows the message's name. */
export const formatIpfixBridgeStats = (stats: IpfixCounters): string =>
  `\n  bridge ipfix: ${formatCounters(stats, 16)}`;

/** Exporters of collector sets; what follows the message's name. */
export function formatIpfixSetStats(sets: readonly (IpfixCounters & { readonly collectorSetId: number })[]): string {
  const texts = sets.map((set) => `  id ${String(set.collectorSetId).padStart(3)}: ${formatCounters(set, 10)}`);
  return ` ${sets.length} ids\n${texts.join('')}`;
}
