/**
 * dump-ipfix-bridge and dump-ipfix-flow: what a switch's IPFIX exporters have sampled and sent. A switch without
 * exporters answers with an error.
 */
import { formatIpfixBridgeStats, formatIpfixSetStats } from '../ipfix-format.js';
import type { OpenFlowVersion } from '../protocol.js';
import type { OfctlCommand } from './command.js';
import type { Invocation } from './invocation.js';

const common = { usage: 'switch', minArgs: 1, maxArgs: 1, writes: false };

export const dumpIpfixBridge: OfctlCommand = {
  ...common,
  name: 'dump-ipfix-bridge',
  run(invocation, [name = '']) {
    const { connection, version } = invocation.open(name);
    const stats = connection.ipfixBridgeStats?.() ?? null;
    answer(invocation, version, 'NXST_IPFIX_BRIDGE', stats === null ? null : formatIpfixBridgeStats(stats));
  },
};

export const dumpIpfixFlow: OfctlCommand = {
  ...common,
  name: 'dump-ipfix-flow',
  run(invocation, [name = '']) {
    const { connection, version } = invocation.open(name);
    const sets = connection.ipfixSetStats?.() ?? [];
    answer(invocation, version, 'NXST_IPFIX_FLOW', sets.length === 0 ? null : formatIpfixSetStats(sets));
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
