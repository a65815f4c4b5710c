/**
 * set_field:VALUE[/MASK]->FIELD: writes a field, or some bits of it.
 * Mirrors SET_FIELD of lib/ofp-actions.c; OpenFlow 1.5.1 §7.2.6.7. OpenFlow 1.0 and 1.1 carry it as the actions they
 * have for the field, or as load.
 */
import { fieldNamed, type Field } from '#flowtable/fields.js';
import { OFF_VLAN_TCI, VLAN_CFI, VLAN_PCP_SHIFT, VLAN_VID_MASK } from '#flowtable/flow-key.js';
import { UserError } from '../../report/user-error.js';
import { formatFieldText, parseFieldText } from '../field-text.js';
import { hasField, isValueValid, maskNetworkHeader, maskValue, valueOnes, writeValueMasked } from '../field-value.js';
import { type OpenFlowVersion, protocolsOfField } from '../protocol.js';
import { findField, fieldWidth } from '../subfield.js';
import type { Action } from './action.js';
import type { ActionKind } from './action-kind.js';
import { splitDestination } from './destination.js';
import { shownPorts } from './shown-ports.js';
import { ETH_P_8021Q, hasTag } from './vlan-tag.js';
import { nicira, openflow, refuse, requireZeros } from '../wire/action/action-form.js';
import { requireWritable } from '../wire/action/subfield-bytes.js';
import { decodeFieldEntry, encodeFieldEntry } from '../wire/match/index.js';
import type { ByteReader } from '../wire/byte-reader.js';
import type { WireContext } from '../wire/message-kind.js';
import { OpenFlowError } from '../switch-connection.js';
import type { FieldEntry } from '../wire/match/field-entry.js';

export interface SetFieldAction {
  readonly kind: 'set_field';
  readonly field: Field;
  /** As the wire carries values (field-value.ts). */
  readonly value: bigint;
  readonly mask: bigint;
  /** It came in OVS's form with a mask, and goes the same way where it can. */
  readonly wireForm?: 'reg_load2';
}

const VLAN_VID = fieldNamed('vlan_vid');
const IN_PORT_OXM = fieldNamed('in_port_oxm');

/** The action that sets all of a field. */
export function setWholeField(field: Field, value: bigint): SetFieldAction {
  return { kind: 'set_field', field, value, mask: valueOnes(field) };
}

/** Fields that only ct() may set. */
export function isSetByCtOnly(field: Field): boolean {
  return field.name === 'ct_mark' || field.name === 'ct_label';
}

/** Up to OpenFlow 1.4 a set_field has no mask. */
function decodeSetField(body: ByteReader, context: WireContext): SetFieldAction {
  const entry = decodeEntry(body, context);
  requireZeros(body, body.remaining, 'OFPBAC_BAD_SET_ARGUMENT');
  refuse(checkWholeValue(entry));
  return { kind: 'set_field', ...entry };
}

function decodeEntry(body: ByteReader, context: WireContext): FieldEntry {
  try {
    return decodeFieldEntry(body, context, { allowsMask: context.version >= 15, inAction: true });
  } catch (error) {
    const hasMask = error instanceof OpenFlowError && error.code === 'OFPBMC_BAD_MASK';
    throw hasMask ? new OpenFlowError('OFPBAC_BAD_SET_MASK') : error;
  }
}

/** What set_field may write (decode_ofpat_set_field). */
function checkWholeValue({ field, value, mask }: FieldEntry): string | null {
  const lacksTag = field === VLAN_VID && (value & mask & BigInt(VLAN_CFI)) === 0n;
  const isWrong = field === IN_PORT_OXM || !field.writable || !isValueValid(field, value) || lacksTag;
  return isWrong ? 'OFPBAC_BAD_SET_ARGUMENT' : null;
}

export const setFieldAction: ActionKind<SetFieldAction> = {
  kind: 'set_field',
  names: ['set_field'],

  parse(argument, _name, context) {
    const { value: text, destination } = splitDestination(argument);
    const field = findField(destination);
    // Fields are named here as matches name them, not as OXM does.
    if (field === undefined || (field.name !== destination && !field.aliases.includes(destination))) {
      throw new UserError(`${destination} is not a valid OXM field name`);
    }
    if (!field.writable) throw new UserError(`${destination} is read-only`);
    const { value, mask } = parseFieldText(field, text, context.ports);
    if (!isValueValid(field, value)) {
      throw new UserError(`${text} is not a valid value for field ${destination}`);
    }
    context.limit(protocolsOfField(field, 'exact'));
    return { kind: 'set_field', field, value, mask };
  },

  format({ field, value, mask }, context) {
    return `set_field:${formatFieldText(field, value, mask, shownPorts(context))}->${field.name}`;
  },

  validate({ field, value }, { match }) {
    if (!hasField(field, match.key) || (field === VLAN_VID && !hasTag(match.key))) return 'OFPBAC_MATCH_INCONSISTENT';
    // It may have added or removed the tag.
    if (field.name === 'vlan_tci') match.key.setU16(OFF_VLAN_TCI, Number(value));
    return null;
  },

  translate({ field, value, mask }, context) {
    const { flow, wc } = context;
    if (!hasField(field, flow, wc)) {
      context.warn(`unmet prerequisites for ${field.name}, set_field ignored`);
      return;
    }
    maskNetworkHeader(field, flow, wc);
    maskValue(wc, field, mask);
    writeValueMasked(flow, field, value, mask);
  },

  refusal({ field, value, mask }, version) {
    // OpenFlow 1.5 carries a mask, and no value may have bits outside it.
    const hasMask = version >= 15 || fitsNoLoad(field);
    if (hasMask && (value & ~mask) !== 0n) return 'OFPBMC_BAD_WILDCARDS';
    // A load in OpenFlow 1.5's form: its value may be one that no set_field is written with.
    return checkWholeValue({ field, value, mask });
  },

  inVersion(action, version, { match }) {
    if (version >= 15 || action.wireForm === 'reg_load2') return [action];
    if (version < 12) return legacyActions(action, version, hasTag(match.key));
    return action.mask === valueOnes(action.field) ? [action] : loadsOf(action);
  },

  wire: [
    {
      codes: [openflow(25, 12)],
      size: 4,
      grows: true,
      carries: ({ field, mask, wireForm }, version) =>
        version >= 15 || (version >= 12 && wireForm === undefined && mask === valueOnes(field)),
      decode: decodeSetField,
      encode: (action, body, { version }) => encodeFieldEntry(action, version, body),
    },
    {
      codes: [nicira(33, 10, 14)],
      size: 6,
      grows: true,
      decode(body, context) {
        const { field, value, mask } = decodeFieldEntry(body, context, { allowsMask: true, inAction: true });
        requireZeros(body, body.remaining, 'OFPBAC_BAD_SET_ARGUMENT');
        requireWritable(field);
        return { kind: 'set_field', field, value, mask, wireForm: 'reg_load2' };
      },
      encode: (action, body) => encodeFieldEntry(action, 'nxm', body),
    },
  ],
};

/**
 * An experimenter's OXM does not fit into load's header, nor a field of any length: NXAST_REG_LOAD2 carries it, mask and
 * all, and shows as set_field.
 */
const fitsNoLoad = ({ oxm, option }: Field): boolean =>
  oxm.length === 0 || oxm[0]!.oxmClass === 0xffff || option !== null;

/** A load for each run of set bits in the mask: up to 64 bits each, from the lowest. */
export function loadsOf(action: SetFieldAction): readonly Action[] {
  const { field, value, mask } = action;
  if (fitsNoLoad(field)) return [action];
  const width = fieldWidth(field);
  const isSet = (bit: number): boolean => ((mask >> BigInt(bit)) & 1n) === 1n;
  const loads: Action[] = [];
  let bit = 0;
  while (bit < width) {
    if (!isSet(bit)) {
      bit++;
      continue;
    }
    const offset = bit;
    while (bit < width && bit < offset + 64 && isSet(bit)) bit++;
    const bits = bit - offset;
    const part = (value >> BigInt(offset)) & ((1n << BigInt(bits)) - 1n);
    loads.push({ kind: 'load', destination: { field, offset, bits }, value: part });
  }
  return loads;
}

/** What OpenFlow 1.0 or 1.1 has for the field; as in OVS the mask does not count where there is such an action. */
function legacyActions(action: SetFieldAction, version: OpenFlowVersion, isTagged: boolean): readonly Action[] {
  const { field, value } = action;
  const number = Number(BigInt.asUintN(32, value));
  const pushIfNeeded = version === 10;
  switch (field.name) {
    case 'vlan_tci': {
      if ((number & VLAN_CFI) === 0) return [{ kind: 'strip_vlan', name: version === 10 ? 'strip_vlan' : 'pop_vlan' }];
      const push: readonly Action[] = version === 10 || isTagged ? [] : [{ kind: 'push_vlan', tpid: ETH_P_8021Q }];
      return [
        ...push,
        { kind: 'mod_vlan_vid', vid: number & VLAN_VID_MASK, pushIfNeeded },
        { kind: 'mod_vlan_pcp', pcp: number >> VLAN_PCP_SHIFT, pushIfNeeded },
      ];
    }
    case 'vlan_vid':
      return [{ kind: 'mod_vlan_vid', vid: number & VLAN_VID_MASK, pushIfNeeded }];
    case 'vlan_pcp':
      return [{ kind: 'mod_vlan_pcp', pcp: number, pushIfNeeded }];
    case 'eth_src':
      return [{ kind: 'mod_dl_src', mac: value }];
    case 'eth_dst':
      return [{ kind: 'mod_dl_dst', mac: value }];
    case 'ip_src':
      return [{ kind: 'mod_nw_src', address: value }];
    case 'ip_dst':
      return [{ kind: 'mod_nw_dst', address: value }];
    case 'nw_tos':
      return [{ kind: 'mod_nw_tos', value: number }];
    case 'ip_dscp':
      return [{ kind: 'mod_nw_tos', value: number << 2 }];
    case 'nw_ecn':
      if (version === 11) return [{ kind: 'mod_nw_ecn', value: number }];
      return [{ kind: 'load', destination: { field, offset: 0, bits: 2 }, value }];
    case 'tcp_src':
    case 'udp_src':
      return [{ kind: 'mod_tp_src', port: number }];
    case 'tcp_dst':
    case 'udp_dst':
      return [{ kind: 'mod_tp_dst', port: number }];
    default:
      return loadsOf(action);
  }
}
