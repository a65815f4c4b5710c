/**
 * dump-ipfix-bridge and dump-ipfix-flow: what a switch's IPFIX exporters have sampled and sent. Mirrors
 * lib/ofp-ipfix.c; a switch without exporters answers with an error.
 */
import type { OpenFlowVersion } from '../protocol.js';
import type { IpfixStats } from '../switch-connection.js';
import type { OfctlCommand } from './command.js';
import type { Invocation } from './invocation.js';

const common = { usage: 'switch', minArgs: 1, maxArgs: 1, writes: false };

export const dumpIpfixBridge: OfctlCommand = {
  ...common,
  name: 'dump-ipfix-bridge',
  run(invocation, [name = '']) {
    const { connection, version } = invocation.open(name);
    const stats = connection.ipfixBridgeStats?.() ?? null;
    const text = stats === null ? null : `\n  bridge ipfix: ${statsText(stats, 16)}`;
    answer(invocation, version, 'NXST_IPFIX_BRIDGE', text);
  },
};

export const dumpIpfixFlow: OfctlCommand = {
  ...common,
  name: 'dump-ipfix-flow',
  run(invocation, [name = '']) {
    const { connection, version } = invocation.open(name);
    const sets = connection.ipfixSetStats?.() ?? [];
    const texts = sets.map((set) => `  id ${String(set.collectorSetId).padStart(3)}: ${statsText(set, 10)}`);
    answer(invocation, version, 'NXST_IPFIX_FLOW', sets.length === 0 ? null : ` ${sets.length} ids\n${texts.join('')}`);
  },
};

/** text: what stands behind the header of the reply; null where the switch refuses to answer. */
function answer(invocation: Invocation, version: OpenFlowVersion, what: string, text: string | null): void {
  const xid = invocation.nextXid();
  const header = (kind: string): string => invocation.header(kind, version, xid);
  invocation.print(
    text === null
      ? `${header('OFPT_ERROR')} NXST_NOT_CONFIGURED\n${header(`${what} request`)}\n`
      : `${header(`${what} reply`)}${text}`,
  );
}

const statsText = (stats: IpfixStats, indent: number): string =>
  `flows=${stats.flows}, current flows=${stats.currentFlows}, sampled pkts=${stats.packets}, ` +
  `ipv4 ok=${stats.ipv4Packets}, ipv6 ok=${stats.ipv6Packets}, tx pkts=${stats.sent}\n` +
  `${' '.repeat(indent)}pkts errs=${stats.errorPackets}, ipv4 errs=${stats.ipv4ErrorPackets}, ` +
  `ipv6 errs=${stats.ipv6ErrorPackets}, tx errs=${stats.sendErrors}\n`;
