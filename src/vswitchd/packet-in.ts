/**
 * Packets on their way to controllers, and back. Mirrors the controller upcalls of ofproto-dpif-upcall.c,
 * flow_get_metadata() of lib/flow.c and xlate_resume() of ofproto-dpif-xlate.c.
 */
import type { DpAction } from '#datapath/dpif.js';
import { type Field, FIELDS, fieldNamed, fieldOnes, readField } from '#flowtable/fields.js';
import {
  type FlowKey,
  OFF_CT_MARK,
  OFF_CT_NW_PROTO,
  OFF_CT_STATE,
  OFF_CT_ZONE,
  OFF_ETH_TYPE,
  OFF_IN_PORT,
  OFF_METADATA,
  OFF_REG0,
  OFF_TUN_ID,
  OFF_USERSPACE,
} from '#flowtable/flow-key.js';
import { Match } from '#flowtable/match.js';
import { presentOptions } from '#flowtable/tunnel-options.js';
import type { Continuation, PacketInMessage } from '#src/openflow/async-message.js';
import { jhashBytes } from '#src/openflow/jhash.js';
import { matchOption, receiveCriteria } from '#src/openflow/option-fields.js';
import type { Bridge } from './bridge.js';
import type { FrozenAction, FrozenState } from './recirculation.js';

type ControllerCookie = Extract<
  Extract<DpAction, { readonly kind: 'userspace' }>['cookie'],
  { readonly kind: 'controller' }
>;

/** Told where not zero. */
const METADATA = FIELDS.filter(
  ({ name, option }) =>
    option === null && /^(tun_(?!ttl$|tos$)|metadata$|reg\d+$|pkt_mark$|ct_(zone|mark|label)$)/.test(name),
);
const IN_PORT = fieldNamed('in_port');
const ETH_TYPE = fieldNamed('eth_type');
const CT_STATE = fieldNamed('ct_state');
const row = (names: string): readonly Field[] => names.split(' ').map(fieldNamed);
const CT_TUPLE = row('ct_nw_proto ct_tp_src ct_tp_dst');
const CT_ADDRESSES: ReadonlyMap<number, readonly Field[]> = new Map([
  [0x0800, row('ct_nw_src ct_nw_dst')],
  [0x86dd, row('ct_ipv6_src ct_ipv6_dst')],
]);
const REGISTERS_SIZE = 64;
const NO_ACTION: FrozenAction = { kind: 'note', bytes: new Uint8Array() };

/** What a controller is told of a packet besides its bytes. */
export function packetMetadata(flow: FlowKey): Match {
  const match = new Match();
  const tell = (field: Field): void => match.set(field, readField(flow, field));
  for (const field of METADATA) if (readField(flow, field) !== 0n) tell(field);
  for (const index of presentOptions(flow)) {
    const field = fieldNamed(`tun_metadata${index}`);
    matchOption(match, field, readField(flow, field), fieldOnes(field));
  }
  tell(IN_PORT);
  if (readField(flow, CT_STATE) !== 0n) {
    tell(CT_STATE);
    tell(ETH_TYPE);
    const addresses = CT_ADDRESSES.get(flow.u16(OFF_ETH_TYPE));
    if (flow.u8(OFF_CT_NW_PROTO) !== 0 && addresses !== undefined)
      for (const field of [...addresses, ...CT_TUPLE]) tell(field);
  }
  return match;
}

export function makePacketIn(
  packet: Uint8Array,
  key: FlowKey,
  cookie: ControllerCookie,
  state: FrozenState,
): PacketInMessage {
  // The key may know more by now than the action did that sent the packet.
  const flow = key.clone();
  if (!state.conntracked) clearConntrack(flow);
  flow.bytes.set(state.tunnel, OFF_TUN_ID);
  flow.optionPlaces = state.bridge.tunnelOptions;
  flow.bytes.set(state.metadata, OFF_METADATA);
  flow.setU32(OFF_IN_PORT, state.inPort);
  return {
    kind: 'packet-in',
    controllerId: cookie.controllerId,
    reason: cookie.reason,
    tableId: state.tableId,
    cookie: cookie.ruleCookie,
    packet: packet.slice(),
    metadata: packetMetadata(flow),
    userdata: state.userdata,
    continuation: cookie.continuation ? continuationOf(state, key.u32(OFF_IN_PORT)) : null,
  };
}

function clearConntrack(flow: FlowKey): void {
  flow.setU16(OFF_CT_STATE, 0);
  flow.setU16(OFF_CT_ZONE, 0);
  flow.bytes.fill(0, OFF_CT_MARK, OFF_TUN_ID);
}

function continuationOf(state: FrozenState, odpPort: number): Continuation {
  const { stack, mirrored: mirrors, conntracked, actions, actionSet } = state;
  return { bridge: bridgeUuid(state.bridge), stack, mirrors, conntracked, actions, actionSet, odpPort };
}

/** A name for the bridge that looks as OVS's do, the same in every run. */
export function bridgeUuid({ name }: Bridge): string {
  const bytes = Buffer.from(name, 'utf8');
  const hex = [0, 1, 2, 3].map((basis) => (jhashBytes(bytes, basis) >>> 0).toString(16).padStart(8, '0')).join('');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20)}`;
}

/** Without any actions the table would be searched; and on the wire they are always those of some rule. */
function resumedActions(actions: readonly FrozenAction[]): readonly FrozenAction[] {
  if (actions.length === 0) return [NO_ACTION];
  return actions[0]!.kind === 'unroll_xlate' ? actions : [{ kind: 'unroll_xlate', tableId: 0, cookie: 0n }, ...actions];
}

/** What translation goes on with; the flow that it is given names it by its recirculation id. */
export function resumedState(bridge: Bridge, message: PacketInMessage, continuation: Continuation): FrozenState {
  const { key } = receiveCriteria(message.metadata, bridge.tunnelOptions);
  return {
    bridge,
    // Not the table in which the packet was paused.
    tableId: 0,
    tunnel: key.bytes.slice(OFF_TUN_ID, OFF_USERSPACE),
    metadata: key.bytes.slice(OFF_METADATA, OFF_REG0 + REGISTERS_SIZE),
    inPort: key.u32(OFF_IN_PORT),
    stack: continuation.stack,
    actions: resumedActions(continuation.actions),
    actionSet: continuation.actionSet,
    wasMpls: false,
    conntracked: continuation.conntracked,
    mirrored: continuation.mirrors,
    userdata: new Uint8Array(),
  };
}
