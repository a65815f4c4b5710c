/**
 * sample(probability=N,…): sends a share of the packets to IPFIX collectors. Mirrors SAMPLE of lib/ofp-actions.c; the
 * sampling port and the direction make it version 2 and 3 of the action on the wire.
 */
import { UserError } from '../../report/user-error.js';
import { splitKeyValues } from '../key-value.js';
import { parseU16, parseU32 } from '../number-text.js';
import { formatPort, parsePort } from '../port-text.js';
import { OFPP_NONE } from '../ports.js';
import type { SampleRequest } from '../translate-context.js';
import type { ActionKind } from './action-kind.js';
import { shownPorts } from './shown-ports.js';
import { OpenFlowError } from '../switch-connection.js';
import { nicira, requireZeros } from '../wire/action/action-form.js';
import { ByteReader } from '../wire/byte-reader.js';
import type { ByteWriter } from '../wire/byte-writer.js';

export interface SampleAction extends SampleRequest {
  readonly kind: 'sample';
  /** It came in a longer form than it needs. */
  readonly wireForm?: 'sample2' | 'sample3';
}

const DIRECTIONS: readonly SampleAction['direction'][] = ['default', 'ingress', 'egress'];

/** What all forms begin with. */
function decodeSample(body: ByteReader): SampleAction {
  const probability = body.u16();
  if (probability === 0) throw new OpenFlowError('OFPBAC_BAD_ARGUMENT');
  return {
    kind: 'sample',
    probability,
    collectorSetId: body.u32(),
    observationDomainId: body.u32(),
    observationPointId: body.u32(),
    samplingPort: OFPP_NONE,
    direction: 'default',
  };
}

function encodeSample(action: SampleAction, body: ByteWriter): void {
  body.u16(action.probability);
  body.u32(action.collectorSetId);
  body.u32(action.observationDomainId);
  body.u32(action.observationPointId);
}

/** Its padding and its direction are looked at before the probability. */
function decodeSample3(body: ByteReader): SampleAction {
  const tail = new ByteReader(body.bytes, body.offset + 14, body.end);
  const [samplingPort, direction] = [tail.u16(), DIRECTIONS[tail.u8()]];
  requireZeros(tail, tail.remaining, 'NXBRC_MUST_BE_ZERO');
  if (direction === undefined) throw new OpenFlowError('OFPBAC_BAD_ARGUMENT');
  return { ...decodeSample(body), samplingPort, direction, wireForm: 'sample3' };
}

export const sampleAction: ActionKind<SampleAction> = {
  kind: 'sample',
  names: ['sample'],

  parse(argument, _name, context) {
    let probability = 0;
    let collectorSetId = 0;
    let observationDomainId = 0;
    let observationPointId = 0;
    let samplingPort: number | null = OFPP_NONE;
    let direction: SampleRequest['direction'] = 'default';
    for (const { key, value } of splitKeyValues(argument)) {
      switch (key) {
        case 'probability':
          probability = parseU16(value, 'probability');
          if (probability === 0) throw new UserError(`invalid probability value "${value}"`);
          break;
        case 'collector_set_id':
          collectorSetId = parseU32(value);
          break;
        case 'obs_domain_id':
          observationDomainId = parseU32(value);
          break;
        case 'obs_point_id':
          observationPointId = parseU32(value);
          break;
        case 'sampling_port':
          samplingPort = parsePort(value, context.ports);
          if (samplingPort === null) throw new UserError(`${value}: unknown port`);
          break;
        case 'ingress':
        case 'egress':
          direction = key;
          break;
        default:
          throw new UserError(`invalid key "${key}" in "sample" argument`);
      }
    }
    if (probability === 0) throw new UserError('non-zero "probability" must be specified on sample');
    return {
      kind: 'sample',
      probability,
      collectorSetId,
      observationDomainId,
      observationPointId,
      samplingPort,
      direction,
    };
  },

  format(action, context) {
    const parts = [
      `probability=${action.probability}`,
      `collector_set_id=${action.collectorSetId}`,
      `obs_domain_id=${action.observationDomainId}`,
      `obs_point_id=${action.observationPointId}`,
    ];
    if (action.samplingPort !== OFPP_NONE) {
      parts.push(`sampling_port=${formatPort(action.samplingPort, shownPorts(context))}`);
    }
    if (action.direction !== 'default') parts.push(action.direction);
    return `sample(${parts.join(',')})`;
  },

  validate() {
    return null;
  },

  translate({ kind: _kind, ...request }, context) {
    context.sample(request);
  },

  wire: [
    {
      codes: [nicira(29)],
      size: 14,
      carries: ({ samplingPort, direction, wireForm }) =>
        samplingPort === OFPP_NONE && direction === 'default' && wireForm === undefined,
      decode: decodeSample,
      encode: encodeSample,
    },
    {
      codes: [nicira(38)],
      size: 22,
      carries: ({ direction, wireForm }) => direction === 'default' && wireForm !== 'sample3',
      decode: (body) => ({ ...decodeSample(body), samplingPort: body.u16(), wireForm: 'sample2' }),
      encode(action, body) {
        encodeSample(action, body);
        body.u16(action.samplingPort);
      },
    },
    {
      codes: [nicira(41)],
      size: 22,
      decode: decodeSample3,
      encode(action, body) {
        encodeSample(action, body);
        body.u16(action.samplingPort);
        body.u8(DIRECTIONS.indexOf(action.direction));
      },
    },
  ],
};
