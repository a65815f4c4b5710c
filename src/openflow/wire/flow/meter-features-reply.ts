/** What a switch's meters can do: meters (4), band types (4), capabilities (4), bands (1), colors (1), zeros (2). */
import { formatMeterFeatures } from '../../meter-format.js';
import type { MeterFeatures } from '../../meter-mod.js';
import { ofpst } from '../message-code.js';
import type { MessageKind } from '../message-kind.js';

export interface MeterFeaturesReply {
  readonly kind: 'meter-features-reply';
  readonly features: MeterFeatures;
}

export const meterFeaturesReply: MessageKind<MeterFeaturesReply> = {
  kind: 'meter-features-reply',
  codes: ofpst('METER_FEATURES', 'reply', [13, 15], 11, { size: 16, unit: 0 }),
  decode: (body) => ({
    kind: 'meter-features-reply',
    features: {
      maxMeters: body.u32(),
      bandTypes: body.u32(),
      capabilities: body.u32(),
      maxBands: body.u8(),
      maxColors: body.u8(),
    },
  }),
  encode({ features }, body) {
    body.u32(features.maxMeters);
    body.u32(features.bandTypes);
    body.u32(features.capabilities);
    body.u8(features.maxBands);
    body.u8(features.maxColors);
    body.zeros(2);
  },
  format: ({ features }) => formatMeterFeatures(features),
};
