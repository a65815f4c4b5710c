/**
 * Translation: what the OpenFlow tables of a bridge (and of the bridges behind its patch ports) do with one packet,
 * as datapath actions, and the mask of the bits that this depended on.
 *
 * Mirrors xlate_actions() and do_xlate_actions() of ofproto-dpif-xlate.c. The invariant: any packet that agrees with
 * this one on the bits of wc gets the same actions.
 */
import type { DpAction, SlowPathReason } from '#datapath/dpif.js';
import type { Field } from '#flowtable/fields.js';
import {
  FlowKey,
  FRAG_ANY,
  OFF_ACTSET_OUTPUT,
  OFF_CT_MARK,
  OFF_CT_STATE,
  OFF_ETH_TYPE,
  OFF_IN_PORT,
  OFF_METADATA,
  OFF_NW_FRAG,
  OFF_NW_PROTO,
  OFF_NW_TTL,
  OFF_RECIRC_ID,
  OFF_REG0,
  OFF_SKB_PRIORITY,
  OFF_TP_SRC,
  OFF_TUN_ID,
  OFF_USERSPACE,
  OFF_VLAN_TCI,
  OFF_VLAN_TPID,
  OFF_VLAN1_TPID,
  VLAN_CFI,
} from '#flowtable/flow-key.js';
import { setExact } from '#flowtable/flow-mask.js';
import { type Action, kindOf } from '#src/openflow/action/action.js';
import { formatAction } from '#src/openflow/action/action-list.js';
import { maskValue, readValue, writeValueMasked } from '#src/openflow/field-value.js';
import { formatHex } from '#src/openflow/number-text.js';
import {
  NO_PORT_NAMES,
  OFPP_ALL,
  OFPP_CONTROLLER,
  OFPP_FLOOD,
  OFPP_IN_PORT,
  OFPP_NONE,
  OFPP_NORMAL,
  OFPP_TABLE,
  OFPP_UNSET,
} from '#src/openflow/ports.js';
import type { ControllerRequest, ResubmitRequest, TranslateContext } from '#src/openflow/translate-context.js';
import type { Bridge } from '../bridge.js';
import { NO_RECV, NO_RECV_STP, type SwitchPort } from '../bundle.js';
import type { Rule } from '../openflow-table.js';
import { processTunnelEcn } from '../tunnel.js';
import { formatSubfield } from '#src/openflow/subfield.js';
import { orderActionSet } from './action-set.js';
import { type CommitState, commitActions } from './commit.js';
import { floodPackets, outputToPort } from './output.js';
import { translateNormal } from './normal.js';
import { isIp, isStp, isTableMiss } from './packet-kind.js';
import type { Credit, TranslateError, TranslateOutcome } from './outcome.js';
import { addNode, type TraceNode, type TraceNodeKind } from './trace.js';
import { countTags } from './vlan.js';
import { finishMask, initMask } from './wildcards.js';

/** As in OVS: how deep resubmits to the same or a lower table may nest, and how many there may be in all. */
const MAX_DEPTH = 64;
const MAX_RESUBMITS = MAX_DEPTH * MAX_DEPTH;
const MAX_STACK_BYTES = 65536;

const OFPR_ACTION = 1;
const OFPR_INVALID_TTL = 2;
const OFPR_ACTION_SET = 3;
const OFPR_PACKET_OUT = 5;
/** OVS's own: an action of a table-miss rule. */
const OFPR_EXPLICIT_MISS = 6;

export interface TranslateInput {
  readonly bridge: Bridge;
  /** The packet's key with OpenFlow's port number in in_port. Not changed. */
  readonly flow: FlowKey;
  /** The frame when there is one at hand. */
  readonly packet: Uint8Array | null;
  /** May MAC addresses be learned? */
  readonly allowSideEffects: boolean;
  /** packet-out: actions to translate in place of a table lookup. */
  readonly actions?: readonly Action[];
  readonly trace?: boolean;
  readonly traceNames?: boolean;
}

/** A packet that the trace (or a test) must follow further: it was recirculated. */
export interface RecirculatedPacket {
  readonly id: number;
  readonly flow: FlowKey;
}

export class Translation implements TranslateContext {
  readonly flow: FlowKey;
  readonly wc = new FlowKey();
  readonly base: FlowKey;
  readonly input: TranslateInput;
  readonly actions: DpAction[] = [];
  readonly credits: Credit[] = [];
  readonly slowReasons = new Set<SlowPathReason>();
  readonly fdbLookups: string[] = [];
  /** The bridge whose tables are being searched: changes when a packet crosses a patch port. */
  bridge: Bridge;
  tableId = 0;
  rule: Rule | null = null;
  error: TranslateError | null = null;
  isExiting = false;
  /** What NORMAL and outputs have done: kept for the callers that ask whether anything was sent. */
  depth = 0;

  private readonly root: TraceNode[] = [];
  private traceAt: TraceNode[] = this.root;
  private resubmits = 0;
  private stack: { value: bigint; bits: number }[] = [];
  private actionSet: Action[] = [];
  private inActionSet = false;
  private readonly origSkbPriority: number;
  private readonly recircIds: number[] = [];
  /** Set by an action that ends its own list but not the pipeline (dec_ttl of an expired packet). */
  private stopsList = false;

  constructor(input: TranslateInput) {
    this.input = input;
    this.bridge = input.bridge;
    this.flow = input.flow.clone();
    this.flow.setU32(OFF_ACTSET_OUTPUT, OFPP_UNSET);
    this.base = this.flow.clone();
    // The datapath keeps no tunnel header unless it is told to set one.
    this.base.bytes.fill(0, OFF_TUN_ID, OFF_USERSPACE);
    this.origSkbPriority = this.flow.u32(OFF_SKB_PRIORITY);
  }

  run(): TranslateOutcome {
    const { flow, bridge } = this;
    initMask(this.wc, flow);
    this.enter('bridge', `bridge("${bridge.name}")`);
    if (flow.u32(OFF_RECIRC_ID) !== 0) {
      this.report('error', `Recirculation context not found for ID ${flow.u32(OFF_RECIRC_ID).toString(16)}`);
      return this.finish('no-recirculation-context');
    }
    const inPort = bridge.ports.get(flow.u32(OFF_IN_PORT)) ?? null;
    if (this.input.actions === undefined) {
      const found = this.lookup(0, flow.u32(OFF_IN_PORT), true, true);
      this.rule = found;
      this.enterTable(found, this.tableId);
    }
    if (inPort?.tunnel != null) this.credits.push({ kind: 'port', tx: null, rx: inPort });
    const mayForward = processTunnelEcn(flow) && (inPort === null || this.mayReceive(inPort));
    if (mayForward) {
      this.translate(this.input.actions ?? this.rule?.actions ?? []);
      if (this.error !== null) return this.finish(this.error);
      this.executeActionSet();
    }
    if (this.error !== null) return this.finish(this.error);
    finishMask(this.wc, this.input.flow, flow);
    return this.finish(null);
  }

  /** Translates a list of actions in the place where translation stands. */
  translate(actions: readonly Action[]): void {
    if (actions.length === 0) {
      this.report('action', 'drop');
      return;
    }
    for (const action of actions) {
      if (this.error !== null || this.isExiting) break;
      if (this.input.trace) this.report('action', this.describe(action));
      kindOf(action).translate(action, this);
      if (this.stopsList) {
        this.stopsList = false;
        return;
      }
    }
  }

  /** Brings the datapath's idea of the packet up to date with the flow. */
  commit(): void {
    if (commitActions(this.commitState())) this.slowReasons.add('action');
  }

  commitState(): CommitState {
    return this;
  }

  report(kind: TraceNodeKind, text: string): TraceNode | null {
    return this.input.trace ? addNode(this.traceAt, kind, text) : null;
  }

  /** Runs body with its reports below a new node. */
  within(kind: TraceNodeKind, text: string, body: () => void): void {
    const saved = this.traceAt;
    this.enter(kind, text);
    body();
    this.traceAt = saved;
  }

  // What actions ask for.

  output(port: number, maxLen: number): void {
    const { flow } = this;
    switch (port) {
      case OFPP_IN_PORT:
        outputToPort(this, flow.u32(OFF_IN_PORT));
        break;
      case OFPP_TABLE:
        this.searchTable(flow.u32(OFF_IN_PORT), 0, true, true, false);
        break;
      case OFPP_NORMAL:
        translateNormal(this);
        break;
      case OFPP_FLOOD:
        floodPackets(this, false);
        break;
      case OFPP_ALL:
        floodPackets(this, true);
        break;
      case OFPP_CONTROLLER: {
        const reason =
          this.input.actions !== undefined && this.rule === null
            ? OFPR_PACKET_OUT
            : this.inActionSet
              ? OFPR_ACTION_SET
              : OFPR_ACTION;
        this.controller({ maxLen, controllerId: 0, reason, userdata: new Uint8Array(), pause: false });
        break;
      }
      case OFPP_NONE:
        break;
      default:
        if (port === flow.u32(OFF_IN_PORT)) this.report('detail', 'skipping output to input port');
        else outputToPort(this, port);
        break;
    }
  }

  controller(request: ControllerRequest): void {
    this.commit();
    let { reason } = request;
    if (reason === OFPR_ACTION && this.rule !== null && isTableMiss(this.rule)) reason = OFPR_EXPLICIT_MISS;
    const recircId = this.bridge.backer.recirculation.allocate({
      ...this.freeze(),
      tableId: this.tableId,
      userdata: request.userdata,
    });
    this.recircIds.push(recircId);
    this.actions.push({
      kind: 'userspace',
      pid: 0,
      cookie: {
        kind: 'controller',
        reason,
        // A mere trace sends nothing; a translation for the datapath does.
        dontSend: this.input.trace === true && !this.input.allowSideEffects,
        continuation: false,
        recircId,
        ruleCookie: this.rule?.cookie ?? 0xffff_ffff_ffff_ffffn,
        controllerId: request.controllerId,
        maxLen: request.maxLen,
      },
    });
  }

  resubmit(request: ResubmitRequest): void {
    const inPort =
      request.inPort === null || request.inPort === OFPP_IN_PORT ? this.flow.u32(OFF_IN_PORT) : request.inPort;
    this.searchTable(inPort, request.table ?? this.tableId, false, false, request.withCtOrig);
  }

  gotoTable(table: number): void {
    this.searchTable(this.flow.u32(OFF_IN_PORT), table, true, true, false);
  }

  exit(): void {
    this.isExiting = true;
  }

  pushVlan(tpid: number): void {
    const { flow, wc } = this;
    const count = countTags(flow);
    if (count > 0) setExact(wc, OFF_VLAN_TPID, 4);
    if (count > 1) setExact(wc, OFF_VLAN1_TPID, 4);
    flow.setU32(OFF_VLAN1_TPID, flow.u32(OFF_VLAN_TPID));
    flow.setU16(OFF_VLAN_TPID, tpid);
    flow.setU16(OFF_VLAN_TCI, VLAN_CFI);
  }

  popVlan(): void {
    const { flow, wc } = this;
    const count = countTags(flow);
    if (count > 1) {
      setExact(wc, OFF_VLAN1_TPID, 4);
      flow.setU32(OFF_VLAN_TPID, flow.u32(OFF_VLAN1_TPID));
    }
    if (count > 0) flow.setU32(count > 1 ? OFF_VLAN1_TPID : OFF_VLAN_TPID, 0);
  }

  decrementTtl(controllers: readonly number[]): boolean {
    const { flow } = this;
    this.wc.setU8(OFF_NW_TTL, 0xff);
    if (!isIp(flow)) return true;
    setExact(this.wc, OFF_NW_PROTO, 1);
    const ttl = flow.u8(OFF_NW_TTL);
    if (ttl > 1) {
      flow.setU8(OFF_NW_TTL, ttl - 1);
      return true;
    }
    for (const controllerId of controllers) {
      this.controller({
        maxLen: 0xffff,
        controllerId,
        reason: OFPR_INVALID_TTL,
        userdata: new Uint8Array(),
        pause: false,
      });
    }
    this.report('warn', `IPv${flow.u16(OFF_ETH_TYPE) === 0x0800 ? 4 : 6} decrement TTL exception`);
    this.stopsList = true;
    return false;
  }

  push(field: Field, offset: number, bits: number): void {
    const ones = (1n << BigInt(bits)) - 1n;
    maskValue(this.wc, field, ones << BigInt(offset));
    this.stack.push({ value: (readValue(this.flow, field) >> BigInt(offset)) & ones, bits });
  }

  pop(field: Field, offset: number, bits: number): void {
    const top = this.stack.pop();
    if (top === undefined) {
      this.report('error', 'stack underflow');
      return;
    }
    const ones = ((1n << BigInt(bits)) - 1n) << BigInt(offset);
    maskValue(this.wc, field, ones);
    writeValueMasked(this.flow, field, top.value << BigInt(offset), ones);
    this.note(
      `${formatSubfield({ field, offset, bits })} is now ${formatHex((readValue(this.flow, field) & ones) >> BigInt(offset))}`,
    );
  }

  clone(actions: readonly Action[]): void {
    const saved = this.flow.clone();
    const stack = this.stack.slice();
    const actionSet = this.actionSet.slice();
    this.translate(actions);
    this.executeActionSet();
    this.flow.copyFrom(saved);
    this.stack = stack;
    this.actionSet = actionSet;
  }

  writeActions(actions: readonly Action[]): void {
    for (const action of actions) if (action.kind === 'output') this.flow.setU32(OFF_ACTSET_OUTPUT, action.port);
    this.actionSet.push(...actions);
    this.reportActionSet('is');
  }

  clearActions(): void {
    this.reportActionSet('was');
    this.actionSet = [];
    this.flow.setU32(OFF_ACTSET_OUTPUT, OFPP_UNSET);
  }

  setQueue(queue: number | null): void {
    setExact(this.wc, OFF_SKB_PRIORITY, 4);
    // Queues of a Linux HTB qdisc: handle 1:, class queue + 1.
    const priority = queue === null ? this.origSkbPriority : (0x10000 | (queue + 1)) >>> 0;
    if (this.flow.u32(OFF_SKB_PRIORITY) === priority) return;
    this.flow.setU32(OFF_SKB_PRIORITY, priority);
    this.note(`queue = ${formatHex(priority)}`);
  }

  note(text: string): void {
    this.report('detail', text);
  }

  warn(text: string): void {
    this.report('warn', text);
  }

  // Tables.

  /** Looks in a table and translates the rule found there. */
  searchTable(inPort: number, table: number, mayPacketIn: boolean, honorTableMiss: boolean, withCtOrig: boolean): void {
    if (!this.mayResubmit()) return;
    const savedTable = this.tableId;
    if (withCtOrig) {
      this.report('error', 'resubmit(ct) with non-tracked or non-IP packet!');
      return;
    }
    this.tableId = table;
    const rule = this.lookup(table, inPort, mayPacketIn, honorTableMiss);
    const savedRule = this.rule;
    const savedTrace = this.traceAt;
    this.enterTable(rule, table);
    const deepens = table <= savedTable ? 1 : 0;
    this.resubmits++;
    this.depth += deepens;
    this.rule = rule;
    this.translate(rule?.actions ?? []);
    this.rule = savedRule;
    this.depth -= deepens;
    this.traceAt = savedTrace;
    this.tableId = savedTable;
  }

  /**
   * Lets body translate in another bridge, into which the packet comes by a patch port: registers, metadata, tunnel,
   * stack and action set start afresh, and nothing of that reaches the bridge it came from.
   */
  crossPatch(from: SwitchPort, to: SwitchPort): void {
    const { flow, wc } = this;
    const saved = flow.clone();
    const savedTunnelMask = wc.bytes.slice(OFF_TUN_ID, OFF_USERSPACE);
    const { bridge, stack, actionSet, rule, tableId } = this;
    this.stack = [];
    this.actionSet = [];
    flow.setU32(OFF_IN_PORT, to.ofPort);
    flow.bytes.fill(0, OFF_METADATA, OFF_ACTSET_OUTPUT);
    flow.bytes.fill(0, OFF_TUN_ID, OFF_USERSPACE);
    wc.bytes.fill(0, OFF_TUN_ID, OFF_USERSPACE);
    flow.setU32(OFF_ACTSET_OUTPUT, OFPP_UNSET);
    // Connection tracking starts afresh too.
    flow.bytes.fill(0, OFF_CT_STATE, OFF_CT_STATE + 4);
    flow.bytes.fill(0, OFF_CT_MARK, OFF_TUN_ID);
    this.bridge = to.bridge;
    this.within('bridge', `bridge("${to.bridge.name}")`, () => {
      if (!this.mayReceive(to)) return;
      this.searchTable(to.ofPort, 0, true, true, false);
      this.executeActionSet();
    });
    flow.copyFrom(saved);
    wc.bytes.set(savedTunnelMask, OFF_TUN_ID);
    this.bridge = bridge;
    this.stack = stack;
    this.actionSet = actionSet;
    this.rule = rule;
    this.tableId = tableId;
    this.isExiting = false;
    this.error = null;
    this.credits.push({ kind: 'port', tx: from, rx: to });
  }

  private lookup(table: number, inPort: number, mayPacketIn: boolean, honorTableMiss: boolean): Rule | null {
    const { flow, bridge } = this;
    const savedPorts = flow.u32(OFF_TP_SRC);
    const savedInPort = flow.u32(OFF_IN_PORT);
    // Fragments have no transport ports as far as rules go (OFPC_FRAG_NORMAL).
    if ((flow.u8(OFF_NW_FRAG) & FRAG_ANY) !== 0) flow.setU32(OFF_TP_SRC, 0);
    flow.setU32(OFF_IN_PORT, inPort);
    this.tableId = table;
    const oftable = bridge.table(table);
    const rule = oftable.classifier.lookup(flow, this.wc);
    flow.setU32(OFF_TP_SRC, savedPorts);
    flow.setU32(OFF_IN_PORT, savedInPort);
    this.credits.push({ kind: 'table', table: oftable, matched: rule !== null });
    if (rule !== null) {
      this.credits.push({ kind: 'rule', rule });
      return rule;
    }
    return mayPacketIn && honorTableMiss && bridge.wantsPacketInOnMiss ? bridge.missRule : null;
  }

  private enterTable(rule: Rule | null, table: number): void {
    if (!this.input.trace) return;
    const number = `${String(table).padStart(2)}. `;
    if (rule === null) {
      this.enter('table', `${number}No match.`);
    } else if (rule === this.bridge.missRule) {
      this.enter('table', `${number}No match, and a "packet-in" is called for.`);
    } else {
      this.enter('table', number + this.bridge.describeRule(rule, this.input.traceNames === true));
    }
  }

  private mayResubmit(): boolean {
    if (this.depth >= MAX_DEPTH) {
      this.report('error', `over max translation depth ${MAX_DEPTH}`);
      this.error = 'recursion-too-deep';
    } else if (this.resubmits >= MAX_RESUBMITS) {
      this.report('error', `over ${MAX_RESUBMITS} resubmit actions`);
      this.error = 'too-many-resubmits';
    } else if (this.stack.reduce((sum, { bits }) => sum + ((bits + 7) >> 3) + 1, 0) >= MAX_STACK_BYTES) {
      this.report('error', 'resubmits yielded over 64 kB of stack');
      this.error = 'stack-too-deep';
    } else {
      return true;
    }
    return false;
  }

  private executeActionSet(): void {
    const actions = orderActionSet(this.actionSet);
    this.actionSet = [];
    if (actions.length === 0) return;
    this.inActionSet = true;
    this.within('table', '--. Executing action set:', () => this.translate(actions));
    this.inActionSet = false;
  }

  private reportActionSet(verb: string): void {
    if (!this.input.trace) return;
    const actions = orderActionSet(this.actionSet);
    if (actions.length === 0) this.note(`action set ${verb} empty`);
    else this.note(`action set ${verb}: ${actions.map((action) => this.describe(action)).join(',')}`);
  }

  private mayReceive(port: SwitchPort): boolean {
    return (port.config & (isStp(this.flow) ? NO_RECV_STP : NO_RECV)) === 0;
  }

  private freeze() {
    return {
      bridge: this.bridge,
      tunnel: this.flow.bytes.slice(OFF_TUN_ID, OFF_USERSPACE),
      metadata: this.flow.bytes.slice(OFF_METADATA, OFF_REG0 + 64),
      inPort: this.flow.u32(OFF_IN_PORT),
      stack: this.stack.slice(),
      actions: [],
      actionSet: [],
      conntracked: false,
    };
  }

  private enter(kind: TraceNodeKind, text: string): void {
    const node = this.report(kind, text);
    if (node !== null) this.traceAt = node.children;
  }

  private describe(action: Action): string {
    const ports = this.input.traceNames ? this.bridge.portNames : NO_PORT_NAMES;
    return formatAction(action, { ports, names: this.input.traceNames === true });
  }

  private finish(error: TranslateError | null): TranslateOutcome {
    return {
      actions: error === null ? this.actions : [],
      wc: this.wc,
      slow: error === null ? this.slowReasons : new Set(),
      error,
      credits: this.credits,
      trace: this.root,
      finalFlow: this.flow,
      recircIds: this.recircIds,
      fdbLookups: this.fdbLookups,
    };
  }
}
