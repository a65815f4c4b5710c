/** OFPT_BUNDLE_CONTROL, and ONF's of OpenFlow 1.3: bundle (4), type (2), flags (2), properties (OpenFlow 1.5.1 §7.3.9). */
import { type BundleControl, formatBundleControl } from '../../bundle-format.js';
import { ofpt, onft } from '../message-code.js';
import type { MessageKind } from '../message-kind.js';

export interface BundleControlMessage {
  readonly kind: 'bundle-control';
  readonly control: BundleControl;
}

const BODY = { size: 8, unit: 8 };

export const bundleControlMessage: MessageKind<BundleControlMessage> = {
  kind: 'bundle-control',
  codes: [ofpt('BUNDLE_CONTROL', [14, 15], 33, BODY), onft('BUNDLE_CONTROL', [13, 13], 2300, BODY)],
  // As OVS does, properties are let pass unread.
  decode: (body) => ({
    kind: 'bundle-control',
    control: { bundleId: body.u32(), type: body.u16(), flags: body.u16() },
  }),
  encode({ control: { bundleId, type, flags } }, body) {
    body.u32(bundleId);
    body.u16(type);
    body.u16(flags);
  },
  format: ({ control }) => formatBundleControl(control),
};
