/** The fields of frames as scenario files write them, each checked against the table of match fields. */
import { z } from 'zod';
import { FRAME_FIELD_NAMES, frameField, type WantedValue } from '../frame/frame-fields.js';
import { map } from './values.js';

const VALUE = 'expected a value, or a map of min and max';
const bound = z.number({ error: 'expected a number' });

const wanted = z.union([
  z.string({ error: VALUE }),
  z.number({ error: VALUE }),
  z.boolean({ error: VALUE }),
  map({ min: bound.optional(), max: bound.optional() }, 'a value, or a map of min and max'),
]);

function wantedOf(name: string) {
  const field = frameField(name);
  return wanted.superRefine((value, context) => {
    const problem = field.problem(value as WantedValue);
    if (problem !== null) context.addIssue({ code: 'custom', message: `expected a value of ${name} (${problem})` });
  });
}

const fields = Object.fromEntries(FRAME_FIELD_NAMES.map((name) => [name, wantedOf(name).optional()]));

const FIELDS = 'a map of the fields of a frame, such as ip_dst and udp_dst';

/** Fields of one frame, without what it carries. */
export const frameFields = map(fields, FIELDS);

/** Fields of a frame, and under `inner` those of the frame that VXLAN carries. */
export const expectedFrame = map({ ...fields, inner: frameFields.optional() }, FIELDS);
