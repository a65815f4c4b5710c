/**
 * A datapath flow's counters as text: `packets:3, bytes:294, used:0.010s, flags:SP.`.
 * Mirrors dpif_flow_stats_format() of lib/dpif.c and packet_format_tcp_flags() of lib/packets.c.
 */
import type { FlowStats } from '#datapath/dpif.js';

/** The letter of each TCP flag in the order in which they are written; `.` is ACK, as tcpdump has it. */
const TCP_FLAG_LETTERS: readonly (readonly [flag: number, text: string])[] = [
  [0x002, 'S'],
  [0x001, 'F'],
  [0x008, 'P'],
  [0x004, 'R'],
  [0x020, 'U'],
  [0x010, '.'],
  [0x040, 'E'],
  [0x080, 'C'],
  [0x100, 'N'],
  [0x200, '[200]'],
  [0x400, '[400]'],
  [0x800, '[800]'],
];

export function formatFlowStats(stats: FlowStats, nowNs: number): string {
  const used =
    stats.usedNs < 0 ? 'never' : `${((Math.floor(nowNs / 1e6) - Math.floor(stats.usedNs / 1e6)) / 1000).toFixed(3)}s`;
  const flags = stats.tcpFlags === 0 ? '' : `, flags:${formatTcpFlagLetters(stats.tcpFlags)}`;
  return `packets:${stats.packets}, bytes:${stats.bytes}, used:${used}${flags}`;
}

function formatTcpFlagLetters(flags: number): string {
  return TCP_FLAG_LETTERS.filter(([flag]) => (flags & flag) !== 0)
    .map(([, text]) => text)
    .join('');
}
