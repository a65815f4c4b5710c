/**
 * A bridge's rules as bridge/dump-flows shows them: those of its tables, then the switch's own. Mirrors flow_stats_ds()
 * of ofproto.c.
 */
import { formatActions } from '#src/openflow/action/action-list.js';
import { formatMatch } from '#src/openflow/match-format.js';
import { NO_PORT_NAMES } from '#src/openflow/ports.js';
import type { Bridge } from './bridge.js';
import { INTERNAL_TABLE, type Rule } from './openflow-table.js';
import type { ShownRule } from './unixctl/unixctl-context.js';

const NS_PER_SEC = 1e9;

export function shownRules(bridge: Bridge, nowNs: number): readonly ShownRule[] {
  const seconds = (rule: Rule): number => Math.floor((nowNs - rule.createdNs) / NS_PER_SEC);
  const rules = bridge.usedTables().flatMap((table) => [...table.classifier.rules()]);
  const internal = (match: string, actions: string, { packets, bytes }: { packets: number; bytes: number }) => ({
    ...{ table: INTERNAL_TABLE, seconds: seconds(bridge.missRule), packets, bytes, match, actions },
  });
  const none = { packets: 0, bytes: 0 };
  return [
    ...rules.map((rule) => ({
      table: rule.tableId,
      seconds: seconds(rule),
      packets: rule.packets,
      bytes: rule.bytes,
      match: formatMatch(rule.match, { ports: NO_PORT_NAMES, names: false, priority: rule.priority }),
      actions: formatActions(rule.actions, { ports: NO_PORT_NAMES, names: false }),
    })),
    internal('priority=2,recirc_id=0', 'drop', none),
    internal('priority=0,reg0=0x1', 'controller(reason=)', bridge.missRule),
    internal('priority=0,reg0=0x2', 'drop', none),
    internal('priority=0,reg0=0x3', 'drop', bridge.dropFragmentsRule),
  ];
}
