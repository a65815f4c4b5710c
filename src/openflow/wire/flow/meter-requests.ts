/** Requests for meters' statistics and configurations: meter (4), zeros (4); for their features without a body. */
import { meterIdText } from '../../meter-format.js';
import { ofpst, VOID } from '../message-code.js';
import type { MessageKind } from '../message-kind.js';

export interface MeterRequest<K extends string> {
  readonly kind: K;
  /** OFPM_ALL: of all. */
  readonly meterId: number;
}

const request = <K extends string>(kind: K, name: string, statsType: number): MessageKind<MeterRequest<K>> => ({
  kind,
  codes: ofpst(name, 'request', [13, 15], statsType, { size: 8, unit: 0 }),
  decode: (body) => ({ kind, meterId: body.u32() }),
  encode({ meterId }, body) {
    body.u32(meterId);
    body.zeros(4);
  },
  format: ({ meterId }) => ` meter=${meterIdText(meterId)}`,
});

export const meterStatsRequest = request('meter-stats-request', 'METER', 9);
export const meterConfigRequest = request('meter-config-request', 'METER_CONFIG', 10);

export interface MeterFeaturesRequest {
  readonly kind: 'meter-features-request';
}

export const meterFeaturesRequest: MessageKind<MeterFeaturesRequest> = {
  kind: 'meter-features-request',
  codes: ofpst('METER_FEATURES', 'request', [13, 15], 11, VOID),
  decode: () => ({ kind: 'meter-features-request' }),
  encode() {},
  format: () => '',
};
