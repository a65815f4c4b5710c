/**
 * Looking in a table, and translating the rule found there. Mirrors xlate_table_action() and
 * rule_dpif_lookup_from_table().
 */
import {
  type FlowKey,
  FRAG_ANY,
  OFF_CT_IPV6_DST,
  OFF_CT_IPV6_SRC,
  OFF_CT_NW_DST,
  OFF_CT_NW_PROTO,
  OFF_CT_NW_SRC,
  OFF_CT_TP_SRC,
  OFF_ETH_TYPE,
  OFF_IN_PORT,
  OFF_IPV6_DST,
  OFF_IPV6_SRC,
  OFF_NW_DST,
  OFF_NW_FRAG,
  OFF_NW_PROTO,
  OFF_NW_SRC,
  OFF_TP_SRC,
} from '#flowtable/flow-key.js';
import { formatHex } from '#src/openflow/number-text.js';
import type { TableMiss } from '#src/openflow/table-mod.js';
import type { Bridge } from '../bridge.js';
import { NO_PACKET_IN } from '../bundle.js';
import { INTERNAL_TABLE, type Rule } from '../openflow-table.js';
import { translateNested } from './nested.js';
import { isIp } from './packet-kind.js';
import type { Translation } from './translation.js';

/** As in OVS: how deep resubmits to the same or a lower table may nest, and how many there may be in all. */
const MAX_DEPTH = 64;
const MAX_RESUBMITS = MAX_DEPTH * MAX_DEPTH;
const MAX_STACK_BYTES = 65536;

export interface TableSearch {
  /** Look up as if the packet had come in by this port. */
  readonly inPort: number;
  readonly table: number;
  readonly mayPacketIn: boolean;
  readonly honorTableMiss: boolean;
  /** With the connection's original tuple in place of the packet's addresses. */
  readonly withCtOrig?: boolean;
  /** Undo what the rule's actions do to the packet. */
  readonly isNested?: boolean;
}

export function searchTable(t: Translation, search: TableSearch): void {
  // The headers under the label are not known: parse the packet again first.
  if (t.wasMpls) {
    t.freezer.trigger(t);
    return;
  }
  if (!mayResubmit(t)) return;
  const isLast = t.isLast;
  const { tableId, rule: savedRule, ruleCookie, traceAt } = t;
  t.tableId = search.table;
  const swaps = search.withCtOrig === true;
  if (swaps && (t.flow.u8(OFF_CT_NW_PROTO) === 0 || !isIp(t.flow))) {
    t.report('error', 'resubmit(ct) with non-tracked or non-IP packet!');
    t.tableId = tableId;
    return;
  }
  if (swaps) swapTuples(t);
  const rule = lookupRule(t, search.table, search.inPort, search.mayPacketIn, search.honorTableMiss);
  if (swaps) swapTuples(t);
  enterTable(t, rule, search.table);
  const deepens = search.table <= tableId ? 1 : 0;
  t.resubmits++;
  t.depth += deepens;
  t.rule = rule;
  t.ruleCookie = rule?.cookie ?? 0n;
  if (search.isNested) translateNested(t, rule?.actions ?? [], isLast);
  else t.translate(rule?.actions ?? [], isLast);
  t.rule = savedRule;
  t.ruleCookie = ruleCookie;
  t.depth -= deepens;
  t.traceAt = traceAt;
  t.tableId = tableId;
}

/** The rule for the packet, the switch's own rule for packets that none matches, or null. */
export function lookupRule(
  t: Translation,
  table: number,
  inPort: number,
  mayPacketIn: boolean,
  honorTableMiss: boolean,
): Rule | null {
  const { flow, bridge } = t;
  const savedPorts = flow.u32(OFF_TP_SRC);
  const savedInPort = flow.u32(OFF_IN_PORT);
  if ((flow.u8(OFF_NW_FRAG) & FRAG_ANY) !== 0) {
    if (bridge.fragmentHandling === 'drop') {
      t.credits.push({ kind: 'table', table: bridge.table(table), matched: true });
      return bridge.dropFragmentsRule;
    }
    // Fragments have no transport ports as far as rules go.
    if (bridge.fragmentHandling === 'normal') flow.setU32(OFF_TP_SRC, 0);
  }
  flow.setU32(OFF_IN_PORT, inPort);
  let rule: Rule | null = null;
  // Without a say of its own a table hands on to nobody; OpenFlow 1.1 and 1.2 may let it continue with the next one.
  let miss: TableMiss = 'continue';
  // The switch's own table is searched where a search begins with it, and not on the way.
  for (let id = table; id === table || id < INTERNAL_TABLE; id++) {
    t.tableId = id;
    const oftable = bridge.table(id);
    rule = oftable.classifier.lookup(flow, t.version, t.wc);
    t.credits.push({ kind: 'table', table: oftable, matched: rule !== null });
    if (rule !== null || !honorTableMiss) break;
    miss = oftable.miss;
    if (miss !== 'continue') break;
  }
  flow.setU32(OFF_TP_SRC, savedPorts);
  flow.setU32(OFF_IN_PORT, savedInPort);
  if (rule !== null) {
    t.credits.push({ kind: 'rule', rule });
    return rule;
  }
  return mayPacketIn && mayReport(bridge, miss, savedInPort) ? bridge.missRule : null;
}

/** Does a packet that no rule matches go to the controllers? */
function mayReport(bridge: Bridge, miss: TableMiss, inPort: number): boolean {
  if (miss === 'drop') return false;
  if (miss === 'default') return bridge.wantsPacketInOnMiss;
  const port = bridge.ports.get(inPort);
  return port !== undefined && (port.config & NO_PACKET_IN) === 0;
}

const FRAGMENTS_DROPPED = 'Packets are IP fragments and the fragment handling mode is "drop".';

/** Says in the trace which rule was found; what follows stands below it. */
export function enterTable(t: Translation, rule: Rule | null, table: number): void {
  if (!t.input.trace) return;
  const number = `${String(table).padStart(2)}. `;
  const isFirstBridge = t.bridge === t.input.bridge;
  // OVS knows its own rules by those of the bridge that the packet came in by; another's it shows as they are.
  if (!isFirstBridge && (rule === null || rule === t.bridge.missRule || rule === t.bridge.dropFragmentsRule)) {
    const internal = rule === null ? 2 : rule === t.bridge.missRule ? 1 : 3;
    t.enter('table', `${number}reg0=${formatHex(internal)}, priority 0`);
  } else if (rule === null) t.enter('table', `${number}No match.`);
  else if (rule === t.bridge.missRule) t.enter('table', `${number}No match, and a "packet-in" is called for.`);
  else if (rule === t.bridge.dropFragmentsRule) t.enter('table', `${number}${FRAGMENTS_DROPPED}`);
  else t.enter('table', number + t.bridge.describeRule(rule, t.input.traceNames === true));
}

/** Is there room for one more table or group? Otherwise translation fails. */
export function mayResubmit(t: Translation): boolean {
  if (t.depth >= MAX_DEPTH) {
    t.report('error', `over max translation depth ${MAX_DEPTH}`);
    t.error = 'recursion-too-deep';
  } else if (t.resubmits >= MAX_RESUBMITS) {
    t.report('error', `over ${MAX_RESUBMITS} resubmit actions`);
    t.error = 'too-many-resubmits';
  } else if (t.stack.reduce((sum, { bits }) => sum + ((bits + 7) >> 3) + 1, 0) >= MAX_STACK_BYTES) {
    t.report('error', 'resubmits yielded over 64 kB of stack');
    t.error = 'stack-too-deep';
  } else {
    return true;
  }
  return false;
}

/** Pairs of places in a key that trade contents: [packet, original tuple, size]. */
const SWAPPED_ALWAYS = [
  [OFF_NW_PROTO, OFF_CT_NW_PROTO, 1],
  [OFF_TP_SRC, OFF_CT_TP_SRC, 4],
] as const;
const SWAPPED_V4 = [
  [OFF_NW_SRC, OFF_CT_NW_SRC, 4],
  [OFF_NW_DST, OFF_CT_NW_DST, 4],
] as const;
const SWAPPED_V6 = [
  [OFF_IPV6_SRC, OFF_CT_IPV6_SRC, 16],
  [OFF_IPV6_DST, OFF_CT_IPV6_DST, 16],
] as const;

function swapTuples(t: Translation): void {
  const addresses = t.flow.u16(OFF_ETH_TYPE) === 0x0800 ? SWAPPED_V4 : SWAPPED_V6;
  for (const [a, b, size] of [...SWAPPED_ALWAYS, ...addresses]) {
    for (const key of [t.flow, t.wc]) swapBytes(key, a, b, size);
  }
}

function swapBytes(key: FlowKey, a: number, b: number, size: number): void {
  const saved = key.bytes.slice(a, a + size);
  key.bytes.copyWithin(a, b, b + size);
  key.bytes.set(saved, b);
}
