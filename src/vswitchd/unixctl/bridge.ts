/**
 * bridge/dump-flows, bridge/reconnect, qos/..., autoattach/..., memory/show and exit: what is asked of bridges
 * and of the daemon as a whole. Mirrors the unixctl parts of vswitchd/bridge.c, lib/ovs-lldp.c and lib/memory.c. Of
 * QoS and auto-attach there is nothing to show.
 */
import { reply, replyError, type UnixctlCommand } from './command.js';
import { bridgeNamed } from './fdb.js';
import type { UnixctlContext, UnixctlPort } from './unixctl-context.js';

const dumpFlows: UnixctlCommand = {
  name: 'bridge/dump-flows',
  usage: '[--offload-stats] bridge',
  minArgs: 1,
  maxArgs: 2,
  run(args, context) {
    const hasOffloadStats = args.length === 2 && args[0] === '--offload-stats';
    const rules = context.rules(args.at(-1)!);
    if (rules === null) return replyError('Unknown bridge');
    return reply(
      rules
        .map(
          (rule) =>
            `${rule.table === 0 ? '' : `table_id=${rule.table}, `}duration=${rule.seconds}s, ` +
            `n_packets=${rule.packets}, n_bytes=${rule.bytes}, ` +
            `${hasOffloadStats ? 'n_offload_packets=0, n_offload_bytes=0, ' : ''}` +
            `${rule.match},actions=${rule.actions}\n`,
        )
        .join(''),
    );
  },
};

const reconnect: UnixctlCommand = {
  name: 'bridge/reconnect',
  usage: '[bridge]',
  minArgs: 0,
  maxArgs: 1,
  run: ([name], context) =>
    name === undefined || bridgeNamed(context, name) !== undefined ? reply() : replyError('Unknown bridge'),
};

function portNamed(context: UnixctlContext, name: string): UnixctlPort | undefined {
  return context
    .bridges()
    .flatMap((bridge) => bridge.ports)
    .find((port) => port.name === name);
}

/** A command about an interface that must exist. */
function ofInterface(name: string, describe: (port: UnixctlPort) => string): UnixctlCommand {
  return {
    name,
    usage: 'interface',
    minArgs: 1,
    maxArgs: 1,
    run([wanted], context) {
      const port = portNamed(context, wanted!);
      return port === undefined ? replyError('no such interface') : reply(describe(port));
    },
  };
}

const autoattach = (name: string): UnixctlCommand => ({
  name: `autoattach/${name}`,
  usage: '[bridge]',
  minArgs: 0,
  maxArgs: 1,
  run: () => reply(),
});

const memoryShow: UnixctlCommand = {
  name: 'memory/show',
  usage: '',
  minArgs: 0,
  maxArgs: 0,
  run: (_args, context) =>
    reply(
      [...context.memoryUsage()]
        .filter(([, count]) => count > 0)
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([name, count]) => `${name}:${count}`)
        .join(' '),
    ),
};

const exit: UnixctlCommand = {
  name: 'exit',
  usage: '[--cleanup]',
  minArgs: 0,
  maxArgs: 1,
  run: () => replyError('the switch lives as long as its machine does: it cannot be ended by itself'),
};

export const BRIDGE_COMMANDS: readonly UnixctlCommand[] = [
  dumpFlows,
  reconnect,
  ofInterface('qos/show-types', ({ name }) => `No QoS types supported for interface: ${name}`),
  ofInterface('qos/show', ({ name }) => `QoS not configured on ${name}`),
  autoattach('status'),
  autoattach('show-isid'),
  autoattach('statistics'),
  memoryShow,
  exit,
];
