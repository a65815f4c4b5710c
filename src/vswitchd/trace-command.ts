/**
 * ofproto/trace: translates a packet and tells how. Mirrors ofproto-dpif-trace.c; the tree of nodes is made by
 * translation, this file frames it as ovs-appctl shows it.
 */
import type { DpAction, SlowPathReason } from '#datapath/dpif.js';
import { FlowKey, OFF_ACTSET_OUTPUT, OFF_CT_STATE, OFF_IN_PORT, OFF_RECIRC_ID } from '#flowtable/flow-key.js';
import { Match } from '#flowtable/match.js';
import { OptionMap } from '#flowtable/tunnel-options.js';
import type { Action } from '#src/openflow/action/action.js';
import { checkActions, parseActionList } from '#src/openflow/action/action-list.js';
import { formatFlow } from '#src/openflow/flow-format.js';
import { formatMatch } from '#src/openflow/match-format.js';
import { formatHex } from '#src/openflow/number-text.js';
import { NO_PORT_NAMES, OFPP_CONTROLLER, OFPP_NONE, OFPP_UNSET, type PortNames } from '#src/openflow/ports.js';
import type { Protocols } from '#src/openflow/protocol.js';
import { OpenFlowError } from '#src/openflow/switch-connection.js';
import { UserError } from '#src/report/user-error.js';
import { checkReferences } from './action-references.js';
import type { Backer } from './backer.js';
import type { Bridge } from './bridge.js';
import { formatOdpActions } from './odp/odp-actions-format.js';
import { CT_STATE_NAMES, formatFlags } from './odp/odp-flags.js';
import { TABLE_COUNT } from './openflow-table.js';
import { isTunnelled } from './tunnel.js';
import { supposeNat } from './trace-nat.js';
import { TRANSLATE_ERROR_TEXT, type TranslateOutcome } from './translate/outcome.js';
import { renderTrace } from './translate/trace.js';
import { Translation } from './translate/translation.js';
import { reply, replyError, type UnixctlCommand } from './unixctl/command.js';
import { dpifPortNames } from './unixctl/dpctl.js';
import { parseTraceArguments, type Received, type TraceHost, type TraceRequest } from './unixctl/trace-arguments.js';
import type { UnixctlResult } from './vswitchd-api.js';

const SLOW_PATH_EXPLANATIONS: Readonly<Record<SlowPathReason, string>> = {
  cfm: 'Consists of CFM packets',
  bfd: 'Consists of BFD packets',
  lacp: 'Consists of LACP packets',
  stp: 'Consists of STP packets',
  lldp: 'Consists of LLDP packets',
  controller: 'Sends "packet-in" messages to the OpenFlow controller',
  action: 'Uses action(s) not supported by datapath',
  match: 'Uses match(es) not supported by datapath',
};

export interface TraceOptions {
  readonly packet: Uint8Array | null;
  readonly names: boolean;
  /** A packet-out's, in place of the tables. */
  readonly actions?: readonly Action[] | undefined;
}

/** Translates and returns the account of it; with a packet, what it teaches the bridge is learned. */
export function traceFlow(bridge: Bridge, flow: FlowKey, options: TraceOptions): TranslateOutcome {
  return new Translation({
    bridge,
    flow,
    packet: options.packet,
    allowSideEffects: options.packet !== null,
    trace: true,
    traceNames: options.names,
    ...(options.actions === undefined ? {} : { actions: options.actions }),
  }).run();
}

/** ovs-appctl's text of a trace. */
export function formatTrace(bridge: Bridge, flow: FlowKey, outcome: TranslateOutcome, names: boolean): string {
  const ports: PortNames = names ? bridge.portNames : NO_PORT_NAMES;
  const initial = flow.clone();
  initial.setU32(OFF_ACTSET_OUTPUT, OFPP_UNSET);
  const isUnchanged = initial.equals(outcome.finalFlow);
  const megaflow = new Match(flow.clone(), outcome.wc.clone());
  megaflow.normalize();
  const actions = formatOdpActions(outcome.actions, names ? { portNames: dpifPortNames(bridge.backer.dpif) } : {});
  let text = `Flow: ${formatFlow(initial, { ports, names })}\n`;
  text += renderTrace(outcome.trace);
  text += `\nFinal flow: ${isUnchanged ? 'unchanged' : formatFlow(outcome.finalFlow, { ports, names })}\n`;
  text += `Megaflow: ${formatMatch(megaflow, { ports, names })}\n`;
  text += `Datapath actions: ${actions}`;
  if (outcome.error !== null) {
    text += `\nTranslation failed (${TRANSLATE_ERROR_TEXT[outcome.error]}), packet is dropped.\n`;
  } else if (outcome.slow.size > 0) {
    text += '\nThis flow is handled by the userspace slow path because it:';
    for (const reason of outcome.slow) text += `\n  - ${SLOW_PATH_EXPLANATIONS[reason]}.`;
  }
  return text;
}

/** Tracked and new: what a trace supposes of a connection unless --ct-next says otherwise. */
const CS_TRACKED_NEW = 0x21;
const RULE = '='.repeat(79);

/** The traces of copies that come back, each under a heading that says which it is. Gives back what the first one held. */
function followRecirculated(
  bridge: Bridge,
  first: TranslateOutcome,
  request: TraceRequest,
  actions: readonly Action[] | undefined,
): string {
  const { recirculation } = bridge.backer;
  const queue: TranslateOutcome['recirculated'][number][] = [];
  // A copy that is yet to be traced holds its recirculation.
  const take = (outcome: TranslateOutcome): void => {
    for (const { id } of outcome.recirculated) recirculation.ref(id);
    queue.push(...outcome.recirculated);
    recirculation.unref(outcome.recircIds);
  };
  take(first);
  const ctStates = [...request.ctStates];
  let text = '';
  for (let packet = queue.shift(); packet !== undefined; packet = queue.shift()) {
    const { flow } = packet;
    text += `\n\n${RULE}\nrecirc(${formatHex(packet.id)})`;
    if (packet.isConntrack) {
      const state = ctStates.shift();
      flow.setU16(OFF_CT_STATE, state ?? CS_TRACKED_NEW);
      text +=
        state === undefined
          ? ' - resume conntrack with default ct_state=trk|new (use --ct-next to customize)'
          : ` - resume conntrack with ct_state=${formatFlags(CT_STATE_NAMES, state, '|')}`;
    }
    text += `\n${packet.nat === null ? '' : supposeNat(flow, packet.nat)}${RULE}\n\n`;
    const outcome = traceFlow(bridge, flow, { packet: request.packet, names: request.names, actions });
    text += formatTrace(bridge, flow, outcome, request.names);
    take(outcome);
    recirculation.unref([packet.id]);
  }
  return text;
}

/** Without what leaves or comes back, within clones too. */
function withoutOutputs(actions: readonly DpAction[]): readonly DpAction[] {
  return actions
    .filter(({ kind }) => kind !== 'output' && kind !== 'recirc')
    .map((action) => (action.kind === 'clone' ? { ...action, actions: withoutOutputs(action.actions) } : action));
}

/** What a traced packet does besides leaving: it goes to the controllers that it is for. */
function executeWithoutOutput(bridge: Bridge, request: TraceRequest, outcome: TranslateOutcome): void {
  const actions = withoutOutputs(outcome.actions);
  if (actions.length === 0) return;
  const key = request.flow.clone();
  key.setU32(OFF_IN_PORT, bridge.ports.get(request.flow.u32(OFF_IN_PORT))?.odpPort ?? 0);
  bridge.backer.dpif.execute(request.packet!, key, actions);
}

/** Mirrors xlate_lookup_ofproto_(). */
function receivedBy(backer: Backer, key: FlowKey): Received | { readonly error: string } {
  const recircId = key.u32(OFF_RECIRC_ID);
  const frozen = backer.recirculation.find(recircId);
  if (recircId !== 0 && frozen === undefined) {
    return { error: `no recirculation data for recirc_id ${formatHex(recircId)}` };
  }
  // A controller's packet and one on its way to a bond come from no port.
  const isFromNowhere = frozen?.inPort === OFPP_NONE || frozen?.inPort === OFPP_CONTROLLER;
  const port = isFromNowhere ? null : backer.findPort(key);
  if (port !== null) return { bridge: port.bridge.name, ofPort: port.ofPort };
  if (frozen !== undefined) return { bridge: frozen.bridge.name, ofPort: frozen.inPort };
  if (isTunnelled(key)) return { error: 'no OpenFlow tunnel port for this packet' };
  return { error: `no OpenFlow port for datapath port ${key.u32(OFF_IN_PORT)}` };
}

/** ofproto/trace and ofproto/trace-packet-out, given a way to find bridges. */
export function traceCommands(
  bridgeNamed: (name: string) => Bridge | undefined,
  backerNamed: (name: string) => Backer | undefined,
): readonly UnixctlCommand[] {
  const host: TraceHost = {
    bridgePorts: (name) => bridgeNamed(name)?.portNames ?? NO_PORT_NAMES,
    tunnelOptions: (name) => bridgeNamed(name)?.tunnelOptions ?? new OptionMap(),
    receivedBy: (datapath, key) => {
      const backer = backerNamed(datapath);
      return backer === undefined ? { error: 'Cannot find the datapath' } : receivedBy(backer, key);
    },
  };
  const trace = (
    request: TraceRequest,
    actionsFor?: (bridge: Bridge) => readonly Action[] | undefined,
  ): UnixctlResult => {
    const bridge = bridgeNamed(request.bridge);
    if (bridge === undefined) return replyError(`${request.bridge}: unknown bridge`);
    const { packet, names } = request;
    const actions = actionsFor?.(bridge);
    const outcome = traceFlow(bridge, request.flow, { packet, names, actions });
    const text = formatTrace(bridge, request.flow, outcome, names);
    if (packet !== null && outcome.error === null) executeWithoutOutput(bridge, request, outcome);
    return reply(text + followRecirculated(bridge, outcome, request, actions));
  };
  return [
    {
      name: 'ofproto/trace',
      usage: '{[dp_name] odp_flow | bridge br_flow} [OPTIONS...] [-generate|packet]',
      minArgs: 1,
      maxArgs: 0x7fffffff,
      run: (args, context) => trace(parseTraceArguments(args, context, host)),
    },
    {
      name: 'ofproto/trace-packet-out',
      usage: '[-consistent] {[dp_name] odp_flow | bridge br_flow} [OPTIONS...] [-generate|packet] actions',
      minArgs: 2,
      maxArgs: 0x7fffffff,
      run(args, context) {
        const { actions, protocols } = parseActionList(args.at(-1)!, { ports: NO_PORT_NAMES });
        const request = parseTraceArguments(args.slice(0, -1), context, host, true);
        return trace(request, (bridge) => {
          checkPacketOut(bridge, request, actions, protocols);
          return actions.length === 0 ? undefined : actions;
        });
      },
    },
  ];
}

/** The checks that a packet-out goes through. */
function checkPacketOut(bridge: Bridge, request: TraceRequest, actions: readonly Action[], usable: Protocols): void {
  const mask = new FlowKey();
  mask.bytes.fill(0xff);
  const match = new Match(request.flow.clone(), mask);
  const result = checkActions(actions, { match, tableId: 0, tableCount: TABLE_COUNT });
  const isInconsistent = request.isConsistent && (usable & ~result.protocols) !== 0;
  const error = result.error ?? (isInconsistent ? 'OFPBAC_MATCH_INCONSISTENT' : null);
  if (error !== null) throw new UserError(`Bad actions: ${error}`);
  try {
    checkReferences(bridge, actions);
  } catch (refusal) {
    if (!(refusal instanceof OpenFlowError)) throw refusal;
    throw new UserError(`Bad actions: ${refusal.message}`);
  }
}
