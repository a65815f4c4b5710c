/**
 * controller, and controller(reason=…,max_len=…,id=…,userdata=…,pause,meter_id=…): sends the packet to the controllers.
 * Mirrors CONTROLLER of lib/ofp-actions.c.
 */
import { UserError } from '../../report/user-error.js';
import { formatHexBytes, parseHexBytes } from '../hex-bytes.js';
import { splitKeyValues } from '../key-value.js';
import { parseU16, parseU32 } from '../number-text.js';
import { OFPP_CONTROLLER } from '../ports.js';
import type { Action } from './action.js';
import type { ActionKind } from './action-kind.js';
import { nicira, requireZeros } from '../wire/action/action-form.js';
import type { ByteReader } from '../wire/byte-reader.js';
import type { ByteWriter } from '../wire/byte-writer.js';
import { putProperty, putU16, putU32, putU8, readProperty, refuseProperty } from '../wire/property.js';

export interface ControllerAction {
  readonly kind: 'controller';
  readonly maxLen: number;
  readonly controllerId: number;
  /** OFPR_*, OpenFlow 1.5.1 §7.4.1. */
  readonly reason: number;
  readonly userdata: Uint8Array;
  readonly pause: boolean;
  /** The meter that the packet-in counts against; null: none. */
  readonly meterId: number | null;
  /** It came in the form that has properties. */
  readonly wireForm?: 'controller2';
}

const OFPR_ACTION = 1;
/** OVS's own reasons for packets that no rule, or a table-miss rule, matched have no name. */
const isMiss = (reason: number): boolean => reason === 6 || reason === 7;
export const PACKET_IN_REASONS: readonly string[] = [
  'no_match',
  'action',
  'invalid_ttl',
  'action_set',
  'group',
  'packet_out',
];
const MAX_LEN_ALL = 0xffff;
/** There is no meter 0. */
const meterOf = (id: number): number | null => (id === 0 ? null : id);

export const controllerAction: ActionKind<ControllerAction> = {
  kind: 'controller',
  names: ['controller'],

  parse(argument): Action {
    let maxLen = MAX_LEN_ALL;
    let controllerId = 0;
    let reason = OFPR_ACTION;
    let userdata: string | null = null;
    let pause = false;
    let meterId: number | null = null;
    if (/^\d+$/.test(argument)) {
      maxLen = parseU16(argument, 'max_len');
    } else {
      for (const { key, value } of splitKeyValues(argument)) {
        switch (key) {
          case 'reason':
            reason = PACKET_IN_REASONS.indexOf(value.toLowerCase());
            if (reason < 0) throw new UserError(`unknown reason "${value}"`);
            break;
          case 'max_len':
            maxLen = parseU16(value, 'max_len');
            break;
          case 'id':
            controllerId = parseU16(value, 'id');
            break;
          case 'userdata':
            userdata = value;
            break;
          case 'pause':
            pause = true;
            break;
          case 'meter_id':
            meterId = meterOf(parseU32(value));
            break;
          default:
            throw new UserError(`unknown key "${key}" parsing controller action`);
        }
      }
    }
    if (reason === OFPR_ACTION && controllerId === 0 && userdata === null && !pause && meterId === null) {
      return { kind: 'output', port: OFPP_CONTROLLER, maxLen };
    }
    const bytes = parseHexBytes(userdata ?? '');
    if (bytes === null) throw new UserError("bad hex digit in `controller' action `userdata'");
    return { kind: 'controller', maxLen, controllerId, reason, userdata: bytes, pause, meterId };
  },

  format(action) {
    const { maxLen, controllerId, reason, userdata, pause, meterId } = action;
    const isPlain = reason === OFPR_ACTION && controllerId === 0 && userdata.length === 0 && !pause && meterId === null;
    if (isPlain) return `CONTROLLER:${maxLen}`;
    const parts: string[] = [];
    if (reason !== OFPR_ACTION) parts.push(`reason=${isMiss(reason) ? '' : (PACKET_IN_REASONS[reason] ?? reason)}`);
    if (maxLen !== MAX_LEN_ALL) parts.push(`max_len=${maxLen}`);
    if (controllerId !== 0) parts.push(`id=${controllerId}`);
    if (userdata.length > 0) parts.push(`userdata=${formatHexBytes(userdata)}`);
    if (pause) parts.push('pause');
    if (meterId !== null) parts.push(`meter_id=${meterId}`);
    return `controller(${parts.join(',')})`;
  },

  validate() {
    return null;
  },

  translate(action, context) {
    const { maxLen, controllerId, reason, userdata, pause, meterId } = action;
    context.controller({ maxLen, controllerId, reason, userdata, pause, meterId });
  },

  wire: [
    {
      codes: [nicira(20)],
      size: 6,
      carries: ({ userdata, pause, meterId, wireForm }) =>
        userdata.length === 0 && !pause && meterId === null && wireForm === undefined,
      decode(body) {
        const [maxLen, controllerId, reason] = [body.u16(), body.u16(), body.u8()];
        return { ...DEFAULTS, maxLen, controllerId, reason };
      },
      encode(action, body) {
        body.u16(action.maxLen);
        body.u16(action.controllerId);
        body.u8(action.reason);
      },
    },
    { codes: [nicira(37)], size: 6, grows: true, decode: decodeController2, encode: encodeController2 },
  ],
};

const DEFAULTS: ControllerAction = {
  kind: 'controller',
  maxLen: MAX_LEN_ALL,
  controllerId: 0,
  reason: OFPR_ACTION,
  userdata: new Uint8Array(),
  pause: false,
  meterId: null,
};

/** Properties of the longer form. */
const PROPERTY_MAX_LEN = 0;
const PROPERTY_CONTROLLER_ID = 1;
const PROPERTY_REASON = 2;
const PROPERTY_USERDATA = 3;
const PROPERTY_PAUSE = 4;
const PROPERTY_METER_ID = 5;

const rest = (reader: ByteReader): Uint8Array => reader.view(reader.remaining).slice();

function decodeController2(body: ByteReader): ControllerAction {
  requireZeros(body, 6, 'NXBRC_MUST_BE_ZERO');
  const action: { -readonly [K in keyof ControllerAction]: ControllerAction[K] } = {
    ...DEFAULTS,
    wireForm: 'controller2',
  };
  while (body.remaining > 0) {
    const property = readProperty(body);
    if (property.type === PROPERTY_MAX_LEN) action.maxLen = property.u16();
    else if (property.type === PROPERTY_CONTROLLER_ID) action.controllerId = property.u16();
    else if (property.type === PROPERTY_REASON) action.reason = property.u8();
    else if (property.type === PROPERTY_USERDATA) action.userdata = rest(property.value());
    else if (property.type === PROPERTY_PAUSE) action.pause = true;
    else if (property.type === PROPERTY_METER_ID) action.meterId = meterOf(property.u32());
    else refuseProperty(property);
  }
  return action;
}

function encodeController2(action: ControllerAction, body: ByteWriter): void {
  body.zeros(6);
  const { maxLen, controllerId, reason, userdata, pause, meterId } = action;
  if (maxLen !== DEFAULTS.maxLen) putU16(body, PROPERTY_MAX_LEN, maxLen);
  if (controllerId !== DEFAULTS.controllerId) putU16(body, PROPERTY_CONTROLLER_ID, controllerId);
  if (reason !== DEFAULTS.reason) putU8(body, PROPERTY_REASON, reason);
  if (userdata.length > 0) putProperty(body, PROPERTY_USERDATA, () => body.put(userdata));
  if (pause) putProperty(body, PROPERTY_PAUSE);
  if (meterId !== null) putU32(body, PROPERTY_METER_ID, meterId);
}
