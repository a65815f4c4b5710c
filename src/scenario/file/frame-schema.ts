/** The fields of frames as scenario files write them, each checked against the table of match fields. */
import { z } from 'zod';
import { FRAME_FIELD_NAMES, frameField, type WantedValue } from '../frame/frame-fields.js';
import { map } from './values.js';

const VALUE = 'expected a value, or a map of min and max';
const bound = z.number({ error: 'expected a number' });

const fieldValue = z
  .union([
    z.string({ error: VALUE }),
    z.number({ error: VALUE }),
    z.boolean({ error: VALUE }),
    map({ min: bound.optional(), max: bound.optional() }, 'a value, or a map of min and max'),
  ])
  .meta({
    id: 'fieldValue',
    description: 'A value, a value/mask, a map of min and max, or none for a field that is absent',
  });

const fields = Object.fromEntries(FRAME_FIELD_NAMES.map((name) => [name, fieldValue.optional()]));

const FIELDS = 'a map of the fields of a frame, such as ip_dst and udp_dst';

/** Each value must be one that its field can have. */
function checkValues(value: object, context: z.RefinementCtx): void {
  for (const [name, wanted] of Object.entries(value)) {
    if (wanted === undefined || name === 'inner') continue;
    const problem = frameField(name).problem(wanted as WantedValue);
    if (problem === null) continue;
    context.addIssue({ code: 'custom', path: [name], message: `expected a value of ${name} (${problem})` });
  }
}

/** Fields of one frame, without what it carries. */
export const frameFields = map(fields, FIELDS).superRefine(checkValues).meta({ id: 'plainFrame' });

/** Fields of a frame, and under `inner` those of the frame that VXLAN carries. */
export const expectedFrame = map({ ...fields, inner: frameFields.optional() }, FIELDS)
  .superRefine(checkValues)
  .meta({ id: 'frame' });
