/** mod_tp_src:PORT and mod_tp_dst:PORT, for TCP, UDP and SCTP. Mirrors SET_L4_SRC_PORT and …_DST_PORT of ofp-actions.c. */
import { fieldNamed } from '#flowtable/fields.js';
import { type FlowKey, FRAG_LATER, OFF_NW_FRAG, OFF_NW_PROTO, OFF_TP_DST, OFF_TP_SRC } from '#flowtable/flow-key.js';
import { parseU16 } from '../number-text.js';
import { ethTypeOf, isIpType } from '../packet-type.js';
import { P_OF10_ANY } from '../protocol.js';
import type { ActionKind } from './action-kind.js';
import { setWholeField } from './set-field.js';
import { numberForm, openflow } from '../wire/action/action-form.js';

export interface ModTpAction {
  readonly kind: 'mod_tp_src' | 'mod_tp_dst';
  readonly port: number;
}

/** By IP protocol, the fields' names begin so. */
const PROTOCOLS: ReadonlyMap<number, string> = new Map([
  [6, 'tcp'],
  [17, 'udp'],
  [132, 'sctp'],
]);

/** An IP packet that begins with a transport header. */
function startsWithTransport(key: FlowKey): boolean {
  return isIpType(ethTypeOf(key)) && (key.u8(OFF_NW_FRAG) & FRAG_LATER) === 0;
}

function modTp(direction: 'src' | 'dst', title: string, offset: number, type: number): ActionKind<ModTpAction> {
  const kind = `mod_tp_${direction}` as const;
  return {
    kind,
    names: [kind],

    parse(argument) {
      return { kind, port: parseU16(argument, title) };
    },

    format(action) {
      return `${kind}:${action.port}`;
    },

    validate(_action, { match, limit }) {
      if (!startsWithTransport(match.key) || !PROTOCOLS.has(match.key.u8(OFF_NW_PROTO))) limit(P_OF10_ANY);
      return null;
    },

    translate(action, { flow, wc }) {
      if (!startsWithTransport(flow)) return;
      wc.setU8(OFF_NW_PROTO, 0xff);
      wc.setU16(offset, 0xffff);
      flow.setU16(offset, action.port);
    },

    inVersion(action, version, { match }) {
      const protocol = PROTOCOLS.get(match.key.u8(OFF_NW_PROTO));
      if (version < 12 || protocol === undefined) return [action];
      return [setWholeField(fieldNamed(`${protocol}_${direction}`), BigInt(action.port))];
    },

    wire: [
      numberForm({
        codes: [openflow(type)],
        size: 2,
        decode: (port) => ({ kind, port }),
        encode: ({ port }) => port,
      }),
    ],
  };
}

export const modTpSrcAction = modTp('src', 'source port', OFF_TP_SRC, 9);
export const modTpDstAction = modTp('dst', 'destination port', OFF_TP_DST, 10);
