/**
 * OFPT_GET_CONFIG_REQUEST, OFPT_GET_CONFIG_REPLY and OFPT_SET_CONFIG (OpenFlow 1.5.1 §7.3.2): how the switch treats
 * fragments, and how much of a packet that missed it sends. Mirrors ofputil_decode_switch_config() and
 * ofputil_switch_config_format().
 *
 *     flags (2): fragments (2 bits), up to OpenFlow 1.2 also whether used-up TTLs go to the controller; length (2)
 */
import type { FragmentHandling } from '../../switch-connection.js';
import { OpenFlowError } from '../../switch-connection.js';
import { bareMessage } from '../bare-message.js';
import type { ByteReader } from '../byte-reader.js';
import { ofpt, VOID } from '../message-code.js';
import type { MessageKind, WireContext } from '../message-kind.js';

export interface SwitchConfig {
  readonly fragments: FragmentHandling;
  readonly missSendLength: number;
  /** OpenFlow 1.0 to 1.2; later a matter of what is sent at all. */
  readonly invalidTtlToController: boolean;
}

type ConfigMessage<K extends string> = SwitchConfig & { readonly kind: K };

/** OFPC_FRAG_*, by their numbers. */
const FRAGMENTS: readonly FragmentHandling[] = ['normal', 'drop', 'reassemble', 'nx-match'];
const FRAGMENT_MASK = 3;
const INVALID_TTL = 4;

function readConfig(body: ByteReader, { version }: WireContext): { config: SwitchConfig; unknownFlags: number } {
  const flags = body.u16();
  const known = version < 13 ? FRAGMENT_MASK | INVALID_TTL : FRAGMENT_MASK;
  return {
    config: {
      fragments: FRAGMENTS[flags & FRAGMENT_MASK]!,
      missSendLength: body.u16(),
      invalidTtlToController: (flags & known & INVALID_TTL) !== 0,
    },
    unknownFlags: flags & ~known,
  };
}

const config = <K extends string>(
  kind: K,
  name: string,
  type: number,
  isStrict: boolean,
): MessageKind<ConfigMessage<K>> => ({
  kind,
  codes: [ofpt(name, [10, 15], type, { size: 4, unit: 0 })],
  decode(body, _code, context) {
    const { config: read, unknownFlags } = readConfig(body, context);
    if (isStrict && unknownFlags !== 0) throw new OpenFlowError('OFPSCFC_BAD_FLAGS');
    return { kind, ...read };
  },
  encode({ fragments, missSendLength, invalidTtlToController }, body, _code, { version }) {
    const ttl = invalidTtlToController && version < 13 ? INVALID_TTL : 0;
    body.u16(FRAGMENTS.indexOf(fragments) | ttl);
    body.u16(missSendLength);
  },
  format: ({ fragments, missSendLength, invalidTtlToController }) =>
    ` frags=${fragments}${invalidTtlToController ? ' invalid_ttl_to_controller' : ''} miss_send_len=${missSendLength}\n`,
});

export const getConfigRequest = bareMessage('get-config-request', [ofpt('GET_CONFIG_REQUEST', [10, 15], 7, VOID)]);
export const getConfigReply = config('get-config-reply', 'GET_CONFIG_REPLY', 8, false);
export const setConfig = config('set-config', 'SET_CONFIG', 9, true);
