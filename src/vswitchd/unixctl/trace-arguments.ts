/**
 * The arguments of ofproto/trace: `[dp] odp_flow` or `bridge br_flow`, options in any place, and a packet in
 * hexadecimal or one to be made of the flow. Mirrors parse_flow_and_packet() of ofproto-dpif-trace.c.
 */
import { extractFlow } from '#datapath/flow-extract.js';
import { type FlowKey, OFF_IN_PORT } from '#flowtable/flow-key.js';
import { type OptionMap, translateOptions } from '#flowtable/tunnel-options.js';
import { parseFlow } from '#src/openflow/match-parse.js';
import { parseLeadingDecimal } from '#src/openflow/number-text.js';
import type { PortNames } from '#src/openflow/ports.js';
import { UserError } from '#src/report/user-error.js';
import { composeFrame } from '../odp/compose-frame.js';
import { parseOdpFlow } from '../odp/odp-parse.js';
import { hasRawOptions } from '../translate/tunnel-options.js';
import { parseCtState } from './ct-state-argument.js';
import { dpifPortNames } from './dpctl.js';
import { parseHexBytes, parseHexFrame } from './hex-frame.js';
import { type UnixctlContext, vlanLimit } from './unixctl-context.js';

export interface TraceRequest {
  readonly bridge: string;
  /** in_port is the bridge's OpenFlow port. */
  readonly flow: FlowKey;
  /** Traced with its side effects, when there is one. */
  readonly packet: Uint8Array | null;
  /** Write ports by name. */
  readonly names: boolean;
  /** --ct-next: the states that connections are found in, one after another. */
  readonly ctStates: readonly number[];
  /** -consistent: actions that not all versions of OpenFlow take with this flow are refused. */
  readonly isConsistent: boolean;
}

/** The largest payload that OVS makes up. */
const MAX_PAYLOAD_SIZE = 64000;

/** What the parser asks of the switch beyond the context of all commands. */
export interface Received {
  readonly bridge: string;
  readonly ofPort: number;
}

export interface TraceHost {
  /** Names of a bridge's ports, for its flows. */
  bridgePorts(bridge: string): PortNames;
  /** Where a bridge has options of tunnels. */
  tunnelOptions(bridge: string): OptionMap;
  /** The bridge and OpenFlow port that a packet with this datapath key comes in by (tunnels by their endpoints). */
  receivedBy(datapath: string, key: FlowKey): Received | { readonly error: string };
}

/** Throws UserError in OVS's words. */
export function parseTraceArguments(
  args: readonly string[],
  context: UnixctlContext,
  host: TraceHost,
  takesConsistent = false,
): TraceRequest {
  const options = takeOptions(args, takesConsistent);
  const positional = [...options.positional];
  let packet: Uint8Array | null = null;
  if (!options.generate && positional.length > 1) {
    const hex = parseHexFrame(positional.at(-1)!);
    if (hex.ok) {
      packet = hex.frame;
      positional.pop();
    } else if (positional.length > 2) {
      throw new UserError(hex.error);
    }
  }
  if (positional.length !== 1 && positional.length !== 2) throw new UserError('Syntax error');
  const { bridge, flow } = parseTracedFlow(positional, context, host);
  const { names, ctStates, isConsistent } = options;
  if (options.generate) packet = composeFrame(flow, options.payload);
  // The headers are the packet's, the metadata is the given flow's.
  const traced = options.generate || packet === null ? flow : extractFlow(packet, flow, vlanLimit(context));
  return { bridge, flow: traced, packet, names, ctStates, isConsistent };
}

interface TraceOptions {
  readonly positional: readonly string[];
  readonly generate: boolean;
  readonly names: boolean;
  readonly isConsistent: boolean;
  readonly payload: { readonly payloadSize?: number; readonly payload?: Uint8Array };
  readonly ctStates: readonly number[];
}

/** takesConsistent: ofproto/trace-packet-out has an option more. */
function takeOptions(args: readonly string[], takesConsistent: boolean): TraceOptions {
  const positional: string[] = [];
  let generate = false;
  let names = false;
  let isConsistent = false;
  let payload: TraceOptions['payload'] = {};
  const ctStates: number[] = [];
  const argument = (at: number): string => {
    const value = args[at + 1];
    if (value === undefined) throw new UserError(`Missing argument for option ${args[at]}`);
    return value;
  };
  for (let at = 0; at < args.length; at++) {
    const arg = args[at]!;
    if (arg === '-generate' || arg === '--generate') {
      generate = true;
    } else if (takesConsistent && (arg === '-consistent' || arg === '--consistent')) {
      isConsistent = true;
    } else if (arg === '--l7') {
      const bytes = parseHexBytes(argument(at++));
      if (bytes === null) throw new UserError('Trailing garbage in packet data');
      payload = { payload: bytes };
    } else if (arg === '--l7-len') {
      const text = argument(at++);
      const payloadSize = parseLeadingDecimal(text);
      if (payloadSize < 0 || payloadSize > MAX_PAYLOAD_SIZE) throw new UserError(`${text}: too much L7 data`);
      payload = { payloadSize };
    } else if (arg === '-names' || arg === '--names') {
      names = true;
    } else if (arg === '--ct-next') {
      ctStates.push(parseCtState(argument(at++)));
    } else if (arg.startsWith('-')) {
      throw new UserError(`${arg}: unknown option`);
    } else if (positional.length >= 3) {
      throw new UserError('too many arguments');
    } else {
      positional.push(arg);
    }
  }
  return { positional, generate, names, isConsistent, payload, ctStates };
}

/** The datapath that is named (`ovs-dummy`, `dummy`), or the only one. */
function datapathOf(positional: readonly string[], context: UnixctlContext): string | undefined {
  const names = [...context.datapaths().keys()];
  if (positional.length === 1) return names.length === 1 ? names[0] : undefined;
  const type = positional[0]!.startsWith('ovs-') ? positional[0]!.slice(4) : positional[0]!;
  return names.find((name) => name === `${type}@ovs-${type}`);
}

function parseTracedFlow(
  positional: readonly string[],
  context: UnixctlContext,
  host: TraceHost,
): { readonly bridge: string; readonly flow: FlowKey } {
  const datapath = datapathOf(positional, context);
  const dpif = datapath === undefined ? undefined : context.datapaths().get(datapath);
  const text = positional.at(-1)!;
  let flow: FlowKey;
  try {
    flow = parseOdpFlow(text, {
      ...(dpif === undefined ? {} : { portNames: dpifPortNames(dpif) }),
      wantMask: false,
      vlanLimit: vlanLimit(context),
    }).key;
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    if (!error.message.startsWith('syntax error at ')) throw error;
    if (positional.length !== 2) throw new UserError(`${error.message} (or the bridge name was omitted)`);
    return parseBridgeFlow(positional[0]!, text, context, host);
  }
  if (datapath === undefined) throw new UserError('Cannot find the datapath');
  const received = host.receivedBy(datapath, flow);
  if ('error' in received) throw new UserError(received.error);
  flow.setU32(OFF_IN_PORT, received.ofPort);
  const options = host.tunnelOptions(received.bridge);
  if (hasRawOptions(flow) && !translateOptions(flow, options)) throw new UserError('Failed to parse Geneve options');
  flow.optionPlaces = options;
  return { bridge: received.bridge, flow };
}

function parseBridgeFlow(
  bridge: string,
  text: string,
  context: UnixctlContext,
  host: TraceHost,
): { readonly bridge: string; readonly flow: FlowKey } {
  if (!context.bridges().some((candidate) => candidate.name === bridge)) {
    throw new UserError(`${bridge}: unknown bridge`);
  }
  try {
    return { bridge, flow: parseFlow(text, host.bridgePorts(bridge), host.tunnelOptions(bridge)) };
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    throw new UserError(`Bad openflow flow syntax: ${error.message}`);
  }
}
