/** Packets for controllers. Mirrors xlate_controller_action() of ofproto-dpif-xlate.c. */
import { OFF_ETH_TYPE } from '#flowtable/flow-key.js';
import { OFPM_CONTROLLER } from '#src/openflow/meter-mod.js';
import type { ControllerRequest } from '#src/openflow/translate-context.js';
import type { Meter } from '../meter-table.js';
import { frozenState } from './frozen-state.js';
import { isTableMiss } from './packet-kind.js';
import type { Translation } from './translation.js';

const OFPR_ACTION = 1;
const OFPR_ACTION_SET = 3;
const OFPR_GROUP = 4;
const OFPR_PACKET_OUT = 5;
const OFPR_INVALID_TTL = 2;
/** OVS's own: an action of a table-miss rule. */
const OFPR_EXPLICIT_MISS = 6;

/** A probability of 1. */
const ALWAYS = 0xffffffff;

/** OFPR_* of an output to the controller, by where it stands. */
export function reasonForOutput(t: Translation): number {
  if (t.input.isPacketOut === true && t.rule === null) return OFPR_PACKET_OUT;
  if (t.inBucket) return OFPR_GROUP;
  return t.inActionSet ? OFPR_ACTION_SET : OFPR_ACTION;
}

/** Commits the packet and sends it up, to be told from others by a recirculation id. */
export function sendToController(t: Translation, request: ControllerRequest): void {
  t.commit();
  const isMiss = request.reason === OFPR_ACTION && t.rule !== null && isTableMiss(t.rule);
  const state = { ...frozenState(t), tableId: t.tableId, userdata: request.userdata };
  const recircId = t.bridge.backer.recirculation.allocate(state);
  t.recircIds.push(recircId);
  const meter = meterOf(t, request);
  const { actions } = t;
  if (meter !== undefined) t.actions = [{ kind: 'meter', id: meter.datapathId }];
  putUserspace(t, { ...request, reason: isMiss ? OFPR_EXPLICIT_MISS : request.reason }, recircId, false);
  if (meter === undefined) return;
  // The meter may drop the controllers' copy, and no other.
  actions.push({ kind: 'sample', probability: ALWAYS, actions: t.actions });
  t.actions = actions;
}

/** The meter that the request names, or else that of all packets for controllers. */
function meterOf(t: Translation, { meterId }: ControllerRequest): Meter | undefined {
  const { meters } = t.bridge;
  return (meterId == null ? undefined : meters.get(meterId)) ?? meters.get(OFPM_CONTROLLER);
}

/** The datapath action that sends a packet up. continuation: translation goes on when the controller resumes it. */
export function putUserspace(
  t: Translation,
  request: ControllerRequest,
  recircId: number,
  continuation: boolean,
): void {
  t.actions.push({
    kind: 'userspace',
    pid: 0,
    cookie: {
      kind: 'controller',
      reason: request.reason,
      // A mere trace sends nothing; a translation for the datapath does.
      dontSend: !continuation && t.input.trace === true && !t.input.allowSideEffects,
      continuation,
      recircId,
      ruleCookie: t.ruleCookie,
      controllerId: request.controllerId,
      maxLen: request.maxLen,
    },
  });
}

/** Tells a controller that a packet has used up its TTL. */
export function sendExpired(t: Translation, controllerId: number): void {
  sendToController(t, {
    maxLen: 0xffff,
    controllerId,
    reason: OFPR_INVALID_TTL,
    userdata: new Uint8Array(),
    pause: false,
  });
}

/** A packet has used up its TTL: the controllers get it, and the list of actions ends. Always false. */
export function expirePacket(t: Translation, controllers: readonly number[]): false {
  for (const controllerId of controllers) sendExpired(t, controllerId);
  t.report('warn', `IPv${t.flow.u16(OFF_ETH_TYPE) === 0x0800 ? 4 : 6} decrement TTL exception`);
  t.stopsList = true;
  return false;
}
