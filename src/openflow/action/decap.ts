/**
 * decap, decap(packet_type(ns=N,type=T)): takes the outermost header off. Mirrors DECAP of lib/ofp-actions.c; EXT-382
 * of the ONF.
 */
import { OFF_ETH_TYPE, OFF_PACKET_TYPE } from '#flowtable/flow-key.js';
import { UserError } from '../../report/user-error.js';
import { splitKeyValues } from '../key-value.js';
import { formatHex, parseU16 } from '../number-text.js';
import { PT_ETH, PT_UNKNOWN } from '../packet-type.js';
import type { ActionKind } from './action-kind.js';
import { OpenFlowError } from '../switch-connection.js';
import { nicira } from '../wire/action/action-form.js';

export interface DecapAction {
  readonly kind: 'decap';
  /** The packet's type afterwards; null: what the removed header says. */
  readonly packetType: number | null;
}

/** OFPHTN_N_TYPES: namespaces that there are. */
const NAMESPACE_COUNT = 5;
/** Namespace 0, type 0xfffe: what the removed header says. */
const PT_USE_NEXT_PROTO = 0xfffe;

function parsePacketType(text: string): number {
  const [namespacePair, typePair] = splitKeyValues(text);
  if (namespacePair?.key !== 'ns') throw new UserError('Missing packet_type attribute ns');
  const namespace = parseU16(namespacePair.value, 'ns');
  if (namespace >= NAMESPACE_COUNT) throw new UserError(`Unsupported ns value: ${namespace}`);
  if (typePair?.key !== 'type') throw new UserError('Missing packet_type attribute type');
  return namespace * 0x10000 + parseU16(typePair.value, 'type');
}

export const decapAction: ActionKind<DecapAction> = {
  kind: 'decap',
  names: ['decap'],

  parse(argument) {
    const first = splitKeyValues(argument)[0];
    if (first === undefined) return { kind: 'decap', packetType: null };
    if (first.key !== 'packet_type') throw new UserError(`Invalid decap argument: ${first.key}`);
    return { kind: 'decap', packetType: parsePacketType(first.value) };
  },

  format({ packetType }) {
    if (packetType === null) return 'decap()';
    return `decap(packet_type(ns=${packetType >>> 16},type=${formatHex(packetType & 0xffff)}))`;
  },

  validate(_action, { match }) {
    const { key } = match;
    if (key.u32(OFF_PACKET_TYPE) === PT_ETH) {
      key.setU32(OFF_PACKET_TYPE, 0x10000 | key.u16(OFF_ETH_TYPE));
    } else {
      // What follows is known only once the header is gone.
      key.setU32(OFF_PACKET_TYPE, PT_UNKNOWN);
      key.setU16(OFF_ETH_TYPE, 0xffff);
    }
    return null;
  },

  translate(action, context) {
    context.decap(action.packetType);
  },

  refusal(_action, version) {
    return version < 13 ? 'OFPBAC_BAD_VENDOR_TYPE' : null;
  },

  wire: [
    {
      codes: [nicira(47, 13)],
      size: 6,
      grows: true,
      decode(body) {
        body.skip(2);
        const packetType = body.u32();
        // There are no properties yet.
        if (body.remaining > 0) throw new OpenFlowError('NXBAC_UNKNOWN_ED_PROP');
        return { kind: 'decap', packetType: packetType === PT_USE_NEXT_PROTO ? null : packetType };
      },
      encode({ packetType }, body) {
        body.zeros(2);
        body.u32(packetType ?? PT_USE_NEXT_PROTO);
      },
    },
  ],
};
