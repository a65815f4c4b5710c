/**
 * Translation: what the OpenFlow tables of a bridge (and of the bridges behind its patch ports) do with one packet,
 * as datapath actions, and the mask of the bits that this depended on.
 *
 * Mirrors xlate_actions() and do_xlate_actions() of ofproto-dpif-xlate.c. The invariant: any packet that agrees with
 * this one on the bits of wc gets the same actions. This file holds the state and the loop over actions; what single
 * actions ask for is in the files beside it, which read and write the state here.
 */
import type { DpAction, SlowPathReason } from '#datapath/dpif.js';
import type { Field } from '#flowtable/fields.js';
import {
  FlowKey,
  OFF_ACTSET_OUTPUT,
  OFF_CT_STATE,
  OFF_IN_PORT,
  OFF_PACKET_TYPE,
  OFF_RECIRC_ID,
  OFF_SKB_PRIORITY,
  OFF_TUN_ID,
  OFF_USERSPACE,
  PT_ETH,
} from '#flowtable/flow-key.js';
import { type Action, kindOf } from '#src/openflow/action/action.js';
import { formatAction } from '#src/openflow/action/action-list.js';
import { formatHex } from '#src/openflow/number-text.js';
import { NO_PORT_NAMES, OFPP_IN_PORT, OFPP_UNSET } from '#src/openflow/ports.js';
import type { Subfield } from '#src/openflow/subfield.js';
import type {
  ConntrackRequest,
  ControllerRequest,
  EncapRequest,
  LearnRequest,
  ResubmitRequest,
  SampleRequest,
  TranslateContext,
} from '#src/openflow/translate-context.js';
import type { Bridge } from '../bridge.js';
import type { Bundle } from '../bundle.js';
import { isPortLive } from '../liveness.js';
import { mayForward } from '../spanning-tree/tree.js';
import type { Rule } from '../openflow-table.js';
import type { FrozenAction } from '../recirculation.js';
import { processTunnelEcn } from '../tunnel.js';
import { orderActionSet, outputOfActionSet } from './action-set.js';
import { translateCheckPacketLarger } from './check-packet-larger.js';
import { commitActions, type PendingHeader } from './commit.js';
import { translateConntrack, translateCtClear } from './conntrack.js';
import { expirePacket, sendToController } from './controller.js';
import { decrementNshTtl, enterFromLayer3Port, translateDecap, translateEncap } from './encap.js';
import { translateFinTimeout } from './fin-timeout.js';
import { Freezer } from './freeze.js';
import { thaw, unrollText } from './frozen-state.js';
import { translateGroup } from './group.js';
import { decrementTtl, popVlan, pushVlan } from './header-actions.js';
import type { TranslateInput } from './input.js';
import { translateLearn } from './learn.js';
import { mirrorEgress, mirrorIngress } from './mirror.js';
import { decrementMplsTtl, needsRecirculationForMpls, popMpls, pushMpls } from './mpls.js';
import { translateNested } from './nested.js';
import { mirrorOutputError } from './normal.js';
import type { Credit, TranslateError, TranslateOutcome } from './outcome.js';
import { translateOutput } from './output-action.js';
import { translateOutputTruncated } from './output-truncated.js';
import { enterTable, lookupRule, searchTable } from './search.js';
import { processSpecial } from './special.js';
import { dropUnforwarded, mayReceive } from './spanning-tree.js';
import { beginSamples, endSamples, OutputTally, translateSample } from './sample.js';
import { queuePriority } from '../queues.js';
import { popSubfield, pushSubfield } from './stack.js';
import { beginOptions, endOptions } from './tunnel-options.js';
import { addNode, type TraceNode, type TraceNodeKind } from './trace.js';
import { finishMask, initMask } from './wildcards.js';

const CS_TRACKED = 0x20;

export class Translation implements TranslateContext {
  readonly flow: FlowKey;
  readonly wc = new FlowKey();
  readonly base: FlowKey;
  input: TranslateInput;
  /** The list that grows: nested actions have one of their own. */
  actions: DpAction[] = [];
  readonly credits: Credit[] = [];
  readonly slowReasons = new Set<SlowPathReason>();
  readonly fdbLookups: string[] = [];
  readonly recircIds: number[] = [];
  /** Packets that come back: what a trace must follow. */
  readonly recirculated: TranslateOutcome['recirculated'][number][] = [];
  readonly freezer = new Freezer();
  /** The bridge whose tables are being searched: changes when a packet crosses a patch port. */
  bridge: Bridge;
  /** The version of its tables and groups that is looked in. */
  version: number;
  tableId = 0;
  rule: Rule | null = null;
  /** The cookie of the rule whose actions run; all ones outside any rule. */
  ruleCookie = 0xffff_ffff_ffff_ffffn;
  error: TranslateError | null = null;
  mayBeCached = true;
  /** Ends the whole pipeline. */
  isExiting = false;
  /** Ends the list of actions that runs, and not the pipeline (dec_ttl of an expired packet). */
  stopsList = false;
  /** Do no actions come after the one that is being translated? Then its changes need not be undone. */
  isLast = false;
  depth = 0;
  resubmits = 0;
  stack: { readonly value: bigint; readonly bits: number }[] = [];
  actionSet: Action[] = [];
  traceAt: TraceNode[];
  /** An MPLS label was popped: the headers below it are not known until the packet is parsed again. */
  wasMpls = false;
  /** A header that the next commit puts on or takes off. */
  pending: PendingHeader | null = null;
  /** Has the packet been through the connection tracker? */
  conntracked = false;
  /** Bits of the mirrors that have had their copy, and how much of the packet the copy that is being sent has (0: all). */
  mirrored = 0;
  mirrorSnaplen = 0;
  inActionSet = false;
  inBucket = false;
  readonly tally = new OutputTally();
  /** Is the first action sFlow's sample? */
  isSflowSampled = false;
  private readonly root: TraceNode[] = [];
  private readonly origSkbPriority: number;

  constructor(input: TranslateInput) {
    this.input = input;
    this.bridge = input.bridge;
    this.version = input.version ?? input.bridge.version;
    this.flow = input.flow.clone();
    this.flow.setU32(OFF_ACTSET_OUTPUT, OFPP_UNSET);
    this.base = this.flow.clone();
    // The datapath keeps no tunnel header unless it is told to set one.
    this.base.bytes.fill(0, OFF_TUN_ID, OFF_USERSPACE);
    this.origSkbPriority = this.flow.u32(OFF_SKB_PRIORITY);
    this.traceAt = this.root;
  }

  run(): TranslateOutcome {
    const { flow, input } = this;
    this.bridge.backer.counts.translations++;
    initMask(this.wc, flow, this.bridge.flowExport.netflow !== null);
    this.enter('bridge', `bridge("${this.bridge.name}")`);
    const inPort = this.bridge.ports.get(flow.u32(OFF_IN_PORT)) ?? null;
    const recircId = flow.u32(OFF_RECIRC_ID);
    const frozen = recircId === 0 ? null : (this.bridge.backer.recirculation.find(recircId) ?? null);
    if (recircId !== 0 && frozen === null) {
      this.report('error', `Recirculation context not found for ID ${recircId.toString(16)}`);
      return this.finish('no-recirculation-context');
    }
    let actions: readonly FrozenAction[] | null = input.actions ?? null;
    if (frozen !== null && actions !== null && actions.length > 0) {
      this.within('thaw', 'thaw', () => this.report('error', 'Recirculation conflict (actions)!'));
      return this.finish('recirculation-conflict');
    }
    if (frozen !== null) actions = thaw(this, frozen);
    else if ((flow.u16(OFF_CT_STATE) & CS_TRACKED) !== 0) this.conntracked = true;
    if (!beginOptions(flow, this.wc, this.bridge.tunnelOptions)) {
      this.report('error', 'Invalid Geneve tunnel metadata');
      return this.finish('invalid-tunnel-metadata');
    }
    const isLayer3 = flow.u32(OFF_PACKET_TYPE) !== PT_ETH && inPort?.tunnel?.packetTypes === 'legacy_l3';
    if (isLayer3 && this.tableId === 0) enterFromLayer3Port(this);
    if (actions === null) {
      this.rule = lookupRule(this, this.tableId, flow.u32(OFF_IN_PORT), true, true);
      enterTable(this, this.rule, this.tableId);
      this.ruleCookie = this.rule?.cookie ?? this.ruleCookie;
      actions = this.rule?.actions ?? [];
    }
    if (frozen === null && inPort?.tunnel != null) this.credits.push({ kind: 'port', tx: null, rx: inPort });
    if (frozen === null && inPort !== null && processSpecial(this, inPort)) {
      mirrorIngress(this);
    } else if (inPort?.bundle != null && this.bridge.mirrors.isOutput(inPort.bundle)) {
      this.report('error', mirrorOutputError(inPort.bundle));
    } else {
      // A packet that comes back has been sampled already.
      if (frozen === null) beginSamples(this);
      if (!processTunnelEcn(flow)) this.actions = [{ kind: 'drop', reason: 'congestion' }];
      else if (inPort === null || mayReceive(this, inPort)) {
        mirrorIngress(this);
        this.translate(actions, true);
        if (this.error !== null) return this.finish(this.error);
        // As in OVS the mask is finished where only the action set fails.
        if (inPort === null || mayForward(inPort)) this.finishPipeline();
        else dropUnforwarded(this);
      }
      if (this.actions.length > 0) endSamples(this);
    }
    const { netflow } = input.bridge.flowExport;
    if (netflow !== null && frozen === null) {
      this.credits.push({ kind: 'netflow', netflow, flow: flow.clone(), output: this.tally.netflow });
    }
    finishMask(this.wc, input.flow, flow);
    return this.finish(this.error);
  }

  /**
   * Translates a list of actions in the place where translation stands. isLast: nothing follows them. isBucket: they
   * are a bucket of a group.
   */
  translate(actions: readonly FrozenAction[], isLast = false, isBucket = false): void {
    const { inBucket } = this;
    this.inBucket = isBucket;
    this.translateList(actions, isLast);
    this.inBucket = inBucket;
  }

  private translateList(actions: readonly FrozenAction[], isLast: boolean): void {
    if (actions.length === 0) {
      this.report('action', 'drop');
      return;
    }
    for (let i = 0; i < actions.length; i++) {
      const action = actions[i]!;
      if (this.error !== null) return;
      if (!this.isExiting && this.wasMpls && needsRecirculationForMpls(action)) this.freezer.trigger(this);
      if (this.isExiting) {
        if (this.freezer.isFreezing) this.freezer.keep(this, actions, i);
        return;
      }
      if (action.kind === 'unroll_xlate') {
        this.report('action', unrollText(action));
        this.unroll(action.tableId, action.cookie);
        continue;
      }
      this.isLast = isLast && i === actions.length - 1 && this.actionSet.length === 0;
      if (this.input.trace) this.report('action', this.describe(action));
      if (action.kind === 'check_pkt_larger') {
        // What follows is translated once for either case.
        if (translateCheckPacketLarger(this, action, actions.slice(i + 1))) return;
        continue;
      }
      kindOf(action).translate(action, this);
      if (this.stopsList) {
        this.stopsList = false;
        return;
      }
      // A table that froze translation has kept its own rest already; this list goes on with the next action.
      if (action.kind === 'resubmit' || action.kind === 'goto_table') continue;
      if (this.error === null && this.isExiting && this.freezer.isFirst) {
        this.freezer.keep(this, actions, this.freezer.resumesAfter ? i + 1 : i);
        return;
      }
    }
  }

  /** The end of a pipeline: the action set, and the recirculation of a packet whose translation was frozen. */
  finishPipeline(): void {
    if (!this.freezer.isFreezing) this.executeActionSet();
    if (this.freezer.isFreezing) this.freezer.finish(this);
  }

  /** Brings the datapath's idea of the packet up to date with the flow. */
  commit(): void {
    if (commitActions(this)) this.slowReasons.add('action');
    this.pending = null;
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

  /** The reports that follow stand below a new node. */
  enter(kind: TraceNodeKind, text: string): void {
    const node = this.report(kind, text);
    if (node !== null) this.traceAt = node.children;
  }

  describe(action: Action): string {
    const names = this.input.traceNames === true;
    return formatAction(action, { ports: names ? this.bridge.portNames : NO_PORT_NAMES, names });
  }

  mirrorEgress(bundle: Bundle): void {
    mirrorEgress(this, bundle);
  }

  // What actions ask for.

  output(port: number, maxLen: number): void {
    translateOutput(this, port, maxLen);
  }

  controller(request: ControllerRequest): void {
    if (request.pause) this.freezer.trigger(this, { resumesAfter: true, pause: request });
    else sendToController(this, request);
  }

  resubmit({ inPort, table, withCtOrig }: ResubmitRequest): void {
    const current = this.flow.u32(OFF_IN_PORT);
    searchTable(this, {
      inPort: inPort === null || inPort === OFPP_IN_PORT ? current : inPort,
      table: table ?? this.tableId,
      mayPacketIn: false,
      honorTableMiss: false,
      withCtOrig,
    });
  }

  gotoTable(table: number): void {
    searchTable(this, { inPort: this.flow.u32(OFF_IN_PORT), table, mayPacketIn: true, honorTableMiss: true });
  }

  exit(): void {
    this.isExiting = true;
  }

  pushVlan(tpid: number): void {
    pushVlan(this, tpid);
  }

  popVlan(): void {
    popVlan(this);
  }

  decrementTtl(controllers: readonly number[]): boolean {
    return decrementTtl(this) || expirePacket(this, controllers);
  }

  pushMpls(ethertype: number): void {
    pushMpls(this, ethertype);
  }

  popMpls(ethertype: number): void {
    popMpls(this, ethertype);
  }

  decrementMplsTtl(): boolean {
    return decrementMplsTtl(this);
  }

  decrementNshTtl(): boolean {
    return decrementNshTtl(this);
  }

  encap(request: EncapRequest): void {
    translateEncap(this, request);
  }

  decap(packetType: number | null): void {
    translateDecap(this, packetType);
  }

  push(field: Field, offset: number, bits: number): void {
    pushSubfield(this, { field, offset, bits });
  }

  pop(field: Field, offset: number, bits: number): void {
    popSubfield(this, { field, offset, bits });
  }

  clone(actions: readonly Action[]): void {
    translateNested(this, actions, this.isLast);
  }

  writeActions(actions: readonly Action[]): void {
    this.actionSet.push(...actions);
    this.flow.setU32(OFF_ACTSET_OUTPUT, outputOfActionSet(this.actionSet));
    this.reportActionSet('is');
  }

  clearActions(): void {
    this.reportActionSet('was');
    this.actionSet = [];
    this.flow.setU32(OFF_ACTSET_OUTPUT, OFPP_UNSET);
  }

  setQueue(queue: number): boolean {
    const priority = queuePriority(this.bridge.backer, queue);
    if (priority === null) return false;
    this.flow.setU32(OFF_SKB_PRIORITY, priority);
    return true;
  }

  popQueue(): void {
    if (this.flow.u32(OFF_SKB_PRIORITY) === this.origSkbPriority) return;
    this.flow.setU32(OFF_SKB_PRIORITY, this.origSkbPriority);
    this.note(`queue = ${formatHex(this.origSkbPriority)}`);
  }

  group(groupId: number): void {
    translateGroup(this, groupId);
  }

  meter(meterId: number): void {
    // A rule goes with its meter: there is none only where a packet is sent with actions of its own.
    const meter = this.bridge.meters.get(meterId);
    if (meter !== undefined) this.actions.push({ kind: 'meter', id: meter.datapathId });
  }

  portIsLive(number: number): boolean {
    const port = this.bridge.ports.get(number);
    return port !== undefined && isPortLive(port);
  }

  outputTruncated(port: number, maxLen: number): void {
    translateOutputTruncated(this, port, maxLen);
  }

  learn(request: LearnRequest): void {
    translateLearn(this, request);
  }

  finTimeout(idle: number, hard: number): void {
    translateFinTimeout(this, idle, hard);
  }

  sample(request: SampleRequest): void {
    translateSample(this, request);
  }

  conntrack(request: ConntrackRequest): void {
    translateConntrack(this, request);
  }

  ctClear(): void {
    translateCtClear(this);
  }

  checkPacketLarger(_size: number, _destination: Subfield): void {
    throw new Error('check_pkt_larger is translated together with what follows it');
  }

  debugRecirc(): void {
    this.freezer.trigger(this, { resumesAfter: true });
  }

  slowPath(reason: SlowPathReason): void {
    this.slowReasons.add(reason);
  }

  note(text: string): void {
    this.report('detail', text);
  }

  warn(text: string): void {
    this.report('warn', text);
  }

  private unroll(tableId: number, cookie: bigint): void {
    this.tableId = tableId;
    this.ruleCookie = cookie;
    this.report('thaw', `restored state: table=${tableId}, cookie=${formatHex(cookie)}`);
  }

  private executeActionSet(): void {
    const actions = orderActionSet(this.actionSet);
    this.actionSet = [];
    if (actions.length === 0) return;
    this.inActionSet = true;
    this.within('table', '--. Executing action set:', () => this.translate(actions, true));
    this.inActionSet = false;
  }

  private reportActionSet(verb: string): void {
    if (!this.input.trace) return;
    const actions = orderActionSet(this.actionSet);
    if (actions.length === 0) this.note(`action set ${verb} empty`);
    else this.note(`action set ${verb}: ${actions.map((action) => this.describe(action)).join(',')}`);
  }

  private finish(error: TranslateError | null): TranslateOutcome {
    if (this.wc.optionPlaces !== null) endOptions(this.wc, this.input.flow);
    this.flow.optionPlaces = this.input.flow.optionPlaces;
    let actions: readonly DpAction[] = error === null ? this.actions : [];
    // Nothing follows a clone at the end: no copy is needed.
    const last = actions.at(-1);
    if (last?.kind === 'clone') actions = [...actions.slice(0, -1), ...last.actions];
    return {
      actions,
      wc: this.wc,
      slow: error === null ? this.slowReasons : new Set(),
      error,
      mayBeCached: this.mayBeCached,
      credits: this.credits,
      trace: this.root,
      finalFlow: this.flow,
      recircIds: this.recircIds,
      recirculated: this.recirculated,
      fdbLookups: this.fdbLookups,
    };
  }
}
