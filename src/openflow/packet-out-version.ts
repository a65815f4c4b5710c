/**
 * A packet-out as a version of OpenFlow carries it, and what a switch answers to a bad one. Mirrors the round trip
 * through ofputil_encode_packet_out() and ofputil_decode_packet_out() (lib/ofp-packet.c), and the check of actions
 * against the packet in ofproto_packet_out_init() (ofproto/ofproto.c).
 */
import { extractFlow, MAX_VLAN_HEADERS } from '#datapath/flow-extract.js';
import { FlowKey, OFF_CONJ_ID, OFF_IN_PORT, OFF_USERSPACE } from '#flowtable/flow-key.js';
import { Match } from '#flowtable/match.js';
import { actionsInVersion, checkActions, refusalInVersion } from './action/action-list.js';
import { OFPP_CONTROLLER, OFPP_LOCAL, OFPP_MAX, OFPP_NONE } from './ports.js';
import { type OpenFlowVersion, protocolsOfVersion } from './protocol.js';
import { OpenFlowError, type PacketOut } from './switch-connection.js';

/** The message as the switch gets it. */
export function packetOutInVersion(message: PacketOut, version: OpenFlowVersion): PacketOut {
  const match = new Match();
  match.set('in_port', BigInt(message.inPort));
  const { metadata, ...rest } = message;
  const actions = actionsInVersion(message.actions, version, match);
  // Earlier versions tell the port only.
  return version >= 15 && metadata !== undefined ? { ...rest, actions, metadata } : { ...rest, actions };
}

/** Throws what a switch answers to a message that it cannot read. */
export function checkReceivedPacketOut({ inPort, actions }: PacketOut, version: OpenFlowVersion): void {
  const refusal = refusalInVersion(actions, version);
  if (refusal !== null) throw new OpenFlowError(refusal);
  const isPlace = inPort < OFPP_MAX || inPort === OFPP_LOCAL || inPort === OFPP_NONE || inPort === OFPP_CONTROLLER;
  if (!isPlace) throw new OpenFlowError('OFPBRC_BAD_PORT');
}

/** Throws what a switch answers where the actions do not fit the packet. */
export function checkPacketOutActions(message: PacketOut, version: OpenFlowVersion): void {
  const { actions } = message;
  const mask = new FlowKey();
  mask.words.fill(-1);
  const match = new Match(flowOfPacketOut(message, MAX_VLAN_HEADERS), mask);
  const { error, protocols } = checkActions(actions, { match, tableId: 0, tableCount: 255 });
  if (error !== null) throw new OpenFlowError(error);
  if ((protocolsOfVersion(version) & ~protocols) !== 0) throw new OpenFlowError('OFPBAC_MATCH_INCONSISTENT');
}

/** The packet as OpenFlow tables see it. */
export function flowOfPacketOut({ inPort, packet, metadata }: PacketOut, vlanLimit: number): FlowKey {
  const flow = extractFlow(packet, metadata?.key, vlanLimit);
  if (metadata !== undefined) {
    flow.bytes.set(metadata.key.bytes.subarray(OFF_USERSPACE, OFF_CONJ_ID), OFF_USERSPACE);
  }
  flow.setU32(OFF_IN_PORT, inPort);
  return flow;
}
