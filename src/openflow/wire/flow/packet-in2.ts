/**
 * NXT_PACKET_IN2 and NXT_RESUME of OVS's extensions: a packet for a controller, and one that goes on, as properties.
 * What a paused packet goes on with is in a property that is the switch's own matter: it has properties in it. Mirrors
 * decode_nx_packet_in2(), ofputil_decode_packet_in_private() and ofputil_put_packet_in_private() (lib/ofp-packet.c).
 */
import { Match } from '#flowtable/match.js';
import type { Action } from '../../action/action.js';
import type { ContinuedAction, Continuation, PacketInMessage } from '../../async-message.js';
import { continuedGroups, packetInReason } from '../../async-message-version.js';
import { OpenFlowError } from '../../switch-connection.js';
import { encodeActions } from '../action/index.js';
import type { ByteReader } from '../byte-reader.js';
import type { ByteWriter } from '../byte-writer.js';
import { decodeFieldMatch, encodeFieldMatch } from '../match/index.js';
import type { WireContext } from '../message-kind.js';
import {
  type Property,
  putAligned,
  putProperty,
  putU32,
  putU64,
  putU8,
  readProperty,
  refuseProperty,
} from '../property.js';
import { readActionList } from './flow-actions.js';

/** NXPINT_*. */
const PACKET = 0;
const FULL_LENGTH = 1;
const BUFFER_ID = 2;
const TABLE_ID = 3;
const COOKIE = 4;
const REASON = 5;
const METADATA = 6;
const USERDATA = 7;
const CONTINUATION = 8;

/** NXCPT_*. */
const BRIDGE = 0x8000;
const STACK = 0x8001;
const MIRRORS = 0x8002;
const CONNTRACKED = 0x8003;
const RULE_TABLE_ID = 0x8004;
const RULE_COOKIE = 0x8005;
const ACTIONS = 0x8006;
const ACTION_SET = 0x8007;
const ODP_PORT = 0x8008;

const COOKIE_NONE = 0xffff_ffff_ffff_ffffn;
const NO_BUFFER = 0xffffffff;
const UUID_SIZE = 16;
const MAX_STACK_VALUE_SIZE = 128;

const fail = (code: string): never => {
  throw new OpenFlowError(code);
};

const bytesOf = (property: Property): Uint8Array => {
  const value = property.value();
  return value.view(value.remaining);
};

/** Whoever prints a message lets pass what it does not know; a switch does not. */
const isLoose = ({ tlvTable }: WireContext): boolean => tlvTable === null;

export function readPacketIn2(body: ByteReader, context: WireContext): PacketInMessage {
  let packet: Uint8Array = new Uint8Array();
  let userdata: Uint8Array = new Uint8Array();
  let metadata = new Match();
  let [total, buffer, tableId, reason] = [0, NO_BUFFER, 0, 0];
  let cookie = COOKIE_NONE;
  let continuation: ByteReader | null = null;
  while (body.remaining > 0) {
    const property = readProperty(body);
    switch (property.type) {
      case PACKET:
        packet = bytesOf(property);
        break;
      case FULL_LENGTH:
        total = property.u32();
        break;
      case BUFFER_ID:
        buffer = property.u32();
        break;
      case TABLE_ID:
        tableId = property.u8();
        break;
      case COOKIE:
        cookie = property.u64();
        break;
      case REASON:
        reason = property.u8();
        break;
      case METADATA:
        metadata = decodeFieldMatch(property.value(), context, { isLoose: isLoose(context) });
        break;
      case USERDATA:
        userdata = bytesOf(property);
        break;
      case CONTINUATION:
        continuation = property.aligned();
        break;
      default:
        if (!isLoose(context)) refuseProperty(property);
    }
  }
  if (packet.length === 0 || (total !== 0 && total < packet.length)) fail('OFPBRC_BAD_LEN');
  return {
    ...{ kind: 'packet-in', controllerId: 0, reason, tableId, cookie, packet, metadata, userdata },
    ...(total === 0 || total === packet.length ? {} : { totalLength: total }),
    ...(buffer === NO_BUFFER ? {} : { bufferId: buffer }),
    continuation: continuation === null ? null : readContinuation(continuation, context),
  };
}

function readContinuation(reader: ByteReader, context: WireContext): Continuation {
  const stack: { value: bigint; bits: number }[] = [];
  const actions: ContinuedAction[] = [];
  let actionSet: readonly Action[] = [];
  let bridge: string | null = null;
  let [mirrors, odpPort, tableId] = [0, 0, 0];
  let cookie = 0n;
  let conntracked = false;
  while (reader.remaining > 0) {
    const property = readProperty(reader);
    switch (property.type) {
      case BRIDGE:
        bridge = readUuid(property);
        break;
      case STACK:
        // The top comes first.
        stack.unshift(readStackValue(property));
        break;
      case MIRRORS:
        mirrors = property.u32();
        break;
      case CONNTRACKED:
        conntracked = true;
        break;
      case RULE_TABLE_ID:
        tableId = property.u8();
        break;
      case RULE_COOKIE:
        cookie = property.u64();
        break;
      case ACTIONS:
        actions.push({ kind: 'unroll_xlate', tableId, cookie }, ...readActions(property, context));
        break;
      case ACTION_SET:
        actionSet = [...actionSet, ...readActions(property, context)];
        break;
      case ODP_PORT:
        odpPort = property.u32();
        break;
      default:
        if (!isLoose(context)) refuseProperty(property);
    }
  }
  return { bridge, stack, mirrors, conntracked, actions, actionSet, odpPort };
}

/** Of zeros: none. */
function readUuid(property: Property): string | null {
  const bytes = bytesOf(property);
  if (bytes.length !== UUID_SIZE) fail('OFPBPC_BAD_LEN');
  const hex = Buffer.from(bytes).toString('hex');
  return /^0*$/.test(hex) ? null : hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

function readStackValue(property: Property): { readonly value: bigint; readonly bits: number } {
  const bytes = bytesOf(property);
  if (bytes.length > MAX_STACK_VALUE_SIZE) fail('OFPBPC_BAD_LEN');
  return { value: BigInt(`0x${Buffer.from(bytes).toString('hex') || '0'}`), bits: 8 * bytes.length };
}

function readActions(property: Property, context: WireContext): readonly Action[] {
  const list = property.aligned();
  return readActionList(list, list.remaining, context);
}

export function writePacketIn2(message: PacketInMessage, body: ByteWriter, context: WireContext): void {
  const { packet, totalLength, tableId, cookie, reason, metadata, userdata, continuation } = message;
  const { version } = context;
  putProperty(body, PACKET, () => body.put(packet));
  if (totalLength !== undefined) putU32(body, FULL_LENGTH, totalLength);
  if (message.bufferId !== undefined) putU32(body, BUFFER_ID, message.bufferId);
  putU8(body, TABLE_ID, tableId);
  if (cookie !== COOKIE_NONE) putU64(body, COOKIE, cookie);
  putU8(body, REASON, packetInReason(reason, version));
  putProperty(body, METADATA, () => encodeFieldMatch(metadata, version, body));
  if (continuation !== null) {
    putAligned(body, CONTINUATION, () => writeContinuation(continuation, body, metadata, context));
  }
  if (userdata.length > 0) putProperty(body, USERDATA, () => body.put(userdata));
}

function writeContinuation(continuation: Continuation, body: ByteWriter, match: Match, context: WireContext): void {
  const { bridge, stack, mirrors, conntracked, actions, actionSet, odpPort } = continuation;
  if (bridge !== null) putProperty(body, BRIDGE, () => body.put(Buffer.from(bridge.replaceAll('-', ''), 'hex')));
  for (const { value, bits } of [...stack].reverse()) {
    const size = Math.ceil(bits / 8);
    putProperty(body, STACK, () => body.put(Buffer.from(value.toString(16).padStart(2 * size, '0'), 'hex')));
  }
  if (mirrors !== 0) putU32(body, MIRRORS, mirrors);
  if (conntracked) putProperty(body, CONNTRACKED);
  let [tableId, cookie] = [0, 0n];
  for (const { unroll, actions: group } of continuedGroups(actions)) {
    if (unroll.tableId !== tableId) putU8(body, RULE_TABLE_ID, unroll.tableId);
    if (unroll.cookie !== cookie) putU64(body, RULE_COOKIE, unroll.cookie);
    ({ tableId, cookie } = unroll);
    putAligned(body, ACTIONS, () => encodeActions(group, body, context, match));
  }
  if (actionSet.length > 0) putAligned(body, ACTION_SET, () => encodeActions(actionSet, body, context, match));
  if (odpPort !== 0) putU32(body, ODP_PORT, odpPort);
}
