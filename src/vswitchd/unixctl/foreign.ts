/**
 * Commands of Open vSwitch that Upcall does not have yet: each says so, rather than that it is no command at all.
 * They are not listed.
 */
import { type UnixctlCommand, replyError } from './command.js';

const NAMES: readonly string[] = [
  'autoattach/show-isid',
  'autoattach/statistics',
  'autoattach/status',
  'bfd/set-forwarding',
  'bfd/show',
  'bridge/dump-flows',
  'bridge/reconnect',
  'cfm/set-fault',
  'cfm/show',
  'coverage/read-counter',
  'coverage/show',
  'dpif-dummy/change-port-number',
  'dpif-netdev/pmd-perf-show',
  'dpif-netdev/pmd-rxq-show',
  'dpif-netdev/pmd-stats-clear',
  'dpif-netdev/pmd-stats-show',
  'exit',
  'memory/show',
  'netdev-dummy/conn-state',
  'ofproto/list-tunnels',
  'qos/show',
  'qos/show-types',
  'rstp/show',
  'rstp/tcn',
  'stp/show',
  'stp/tcn',
  'upcall/disable-ufid',
  'upcall/enable-ufid',
  'vlog/list',
  'vlog/list-pattern',
  'vlog/reopen',
  'vlog/set',
];

export const FOREIGN_COMMANDS: readonly UnixctlCommand[] = NAMES.map((name) => ({
  name,
  usage: null,
  minArgs: 0,
  maxArgs: Number.POSITIVE_INFINITY,
  run: () => replyError(`"${name}" is a command of Open vSwitch that Upcall does not have yet`),
}));
