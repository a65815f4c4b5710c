/** dpif/dump-flows: the datapath flows of one bridge. Mirrors ofproto_unixctl_dpif_dump_flows() of ofproto-dpif.c. */
import { OFF_IN_PORT } from '#flowtable/flow-key.js';
import { formatFlowStats } from '../odp/flow-stats-format.js';
import { formatOdpActions } from '../odp/odp-actions-format.js';
import { formatOdpKey } from '../odp/odp-format.js';
import { type UnixctlCommand, reply } from './command.js';
import { dpifPortNames } from './dpctl.js';
import { formatUfid } from './dpctl-dump-flows.js';
import { NO_SUCH_BRIDGE, bridgeNamed } from './fdb.js';

export const dpifDumpFlows: UnixctlCommand = {
  name: 'dpif/dump-flows',
  usage: '[-m] [--names | --no-names] bridge',
  minArgs: 1,
  maxArgs: Number.POSITIVE_INFINITY,
  run(args, context) {
    const bridge = bridgeNamed(context, args.at(-1)!);
    const dpif = bridge === undefined ? undefined : context.datapaths().get(bridge.datapath);
    if (bridge === undefined || dpif === undefined) return NO_SUCH_BRIDGE;
    const options = args.slice(0, -1);
    const verbose = options.includes('-m');
    const named = options.findLast((option) => option === '--names' || option === '--no-names');
    const names = named === undefined ? verbose : named === '--names';
    const shown = names ? { portNames: dpifPortNames(dpif) } : {};
    const ports = new Set(bridge.ports.map((port) => port.odpPort));
    const lines: string[] = [];
    for (const flow of dpif.flowDump()) {
      if (!ports.has(flow.key.u32(OFF_IN_PORT))) continue;
      const key = formatOdpKey(flow.key, flow.mask, { ...shown, verbose, kernel: dpif.name.startsWith('system@') });
      lines.push(
        `${verbose ? `${formatUfid(flow.ufid)} ` : ''}${key}, ${formatFlowStats(flow.stats, context.nowNs())}` +
          `, actions:${formatOdpActions(flow.actions, shown)}\n`,
      );
    }
    return reply(lines.join(''));
  },
};
