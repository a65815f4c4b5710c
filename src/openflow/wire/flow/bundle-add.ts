/**
 * OFPT_BUNDLE_ADD_MESSAGE, and ONF's of OpenFlow 1.3: bundle (4), zeros (2), flags (2), and a whole message of the same
 * number (OpenFlow 1.5.1 §7.3.9.6). Mirrors lib/ofp-bundle.c.
 */
import { formatBundleFlags } from '../../bundle-format.js';
import { formatHex } from '../../number-text.js';
import { OpenFlowError } from '../../switch-connection.js';
import { ofpt, onft } from '../message-code.js';
import type { MessageKind, WireContext } from '../message-kind.js';
import { readCarried } from './carried.js';

export interface BundleAddMessage {
  readonly kind: 'bundle-add';
  readonly bundleId: number;
  readonly flags: number;
  /** Of a kind that a bundle may have. */
  readonly message: Uint8Array;
}

const MAY_BE_IN_BUNDLE: ReadonlySet<string> = new Set(['port-mod', 'flow-mod', 'group-mod', 'packet-out']);

/** What OVS knows, but would not have in a bundle, and what it does not know, are all the same to it. */
function mayBeInBundle(bytes: Uint8Array, context: WireContext): boolean {
  try {
    return MAY_BE_IN_BUNDLE.has(context.framing!.kindOf(bytes));
  } catch (error) {
    if (error instanceof OpenFlowError) return false;
    throw error;
  }
}

const BODY = { size: 8, unit: 1 };

export const bundleAddMessage: MessageKind<BundleAddMessage> = {
  kind: 'bundle-add',
  codes: [ofpt('BUNDLE_ADD_MESSAGE', [14, 15], 34, BODY), onft('BUNDLE_ADD_MESSAGE', [13, 13], 2301, BODY)],
  decode(body, _code, context) {
    const bundleId = body.u32();
    body.skip(2);
    const flags = body.u16();
    const { bytes: message, xid } = readCarried(body, context, 'OFPBFC_BAD_VERSION');
    if (xid !== context.xid) throw new OpenFlowError('OFPBFC_MSG_BAD_XID');
    if (!mayBeInBundle(message, context)) throw new OpenFlowError('OFPBFC_MSG_UNSUP');
    return { kind: 'bundle-add', bundleId, flags, message };
  },
  encode({ bundleId, flags, message }, body) {
    body.u32(bundleId);
    body.u16(0);
    body.u16(flags);
    body.put(message);
  },
  format: ({ bundleId, flags, message }, _code, { verbosity, formatMessage }) =>
    `\n bundle_id=${formatHex(bundleId)} flags=${formatBundleFlags(flags)}\n${formatMessage(message, verbosity)}`,
};
