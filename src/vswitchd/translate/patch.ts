/**
 * Crossing a patch port into the next bridge: registers, metadata, tunnel, stack and action set start afresh there, and
 * nothing of it reaches the bridge that the packet came from. Mirrors patch_port_output() of ofproto-dpif-xlate.c.
 */
import { OFF_ACTSET_OUTPUT, OFF_IN_PORT, OFF_METADATA, OFF_TUN_ID, OFF_USERSPACE } from '#flowtable/flow-key.js';
import { OFPP_UNSET } from '#src/openflow/ports.js';
import type { SwitchPort } from '../bundle.js';
import { mayForward } from '../spanning-tree/tree.js';
import { clearConntrack } from './conntrack.js';
import { searchTable } from './search.js';
import { mayReceive } from './spanning-tree.js';
import { processSpecial } from './special.js';
import type { Translation } from './translation.js';

/** NORMAL and learn() may look at the packet, and nothing comes of it: the port it came in by does not forward. */
function lookOnly(t: Translation, search: () => void): void {
  const { base, mirrored } = t;
  const savedBase = base.clone();
  const count = t.actions.length;
  search();
  t.mirrored = mirrored;
  base.copyFrom(savedBase);
  t.actions.length = count;
  t.freezer.cancel();
}

export function crossPatch(t: Translation, from: SwitchPort, to: SwitchPort): void {
  const { flow, wc } = t;
  const saved = flow.clone();
  const savedTunnelMask = wc.bytes.slice(OFF_TUN_ID, OFF_USERSPACE);
  const { bridge, version, stack, actionSet, rule, ruleCookie, tableId, wasMpls, conntracked, mirrored } = t;
  t.stack = [];
  t.actionSet = [];
  flow.setU32(OFF_IN_PORT, to.ofPort);
  flow.bytes.fill(0, OFF_METADATA, OFF_ACTSET_OUTPUT);
  flow.bytes.fill(0, OFF_TUN_ID, OFF_USERSPACE);
  wc.bytes.fill(0, OFF_TUN_ID, OFF_USERSPACE);
  flow.optionPlaces = to.bridge.tunnelOptions;
  wc.optionPlaces = flow.optionPlaces;
  flow.setU32(OFF_ACTSET_OUTPUT, OFPP_UNSET);
  clearConntrack(t);
  if (to.bridge !== bridge) t.mirrored = 0;
  t.bridge = to.bridge;
  t.version = to.bridge.version;
  t.within('bridge', `bridge("${to.bridge.name}")`, () => {
    if (processSpecial(t, to) || !mayReceive(t, to)) return;
    const request = { inPort: to.ofPort, table: 0, mayPacketIn: true, honorTableMiss: true, isNested: true } as const;
    if (mayForward(to)) {
      searchTable(t, request);
      t.finishPipeline();
    } else lookOnly(t, () => searchTable(t, request));
  });
  flow.copyFrom(saved);
  wc.bytes.set(savedTunnelMask, OFF_TUN_ID);
  wc.optionPlaces = saved.optionPlaces;
  t.bridge = bridge;
  t.version = version;
  if (to.bridge !== bridge) t.mirrored = mirrored;
  t.stack = stack;
  t.actionSet = actionSet;
  t.rule = rule;
  t.ruleCookie = ruleCookie;
  t.tableId = tableId;
  t.wasMpls = wasMpls;
  t.conntracked = conntracked;
  // That the other bridge exits, or fails, is its own affair.
  t.isExiting = false;
  t.error = null;
  t.credits.push({ kind: 'port', tx: from, rx: to });
}
