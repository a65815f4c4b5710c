/** `expect: drops`: how many frames died for a reason, on a host or at one of its devices, since the beginning. */
import { z } from 'zod';
import { DROP_REASON_CODES } from '#datapath/drop-reason.js';
import { checkCount } from '../count-check.js';
import { countRange, hostName, map, place } from '../file/values.js';
import { defineExpectation } from './expectation.js';
import { refer } from './step-kind.js';

export const expectDrops = defineExpectation({
  name: 'drops',
  schema: map(
    {
      at: z.union([place, hostName]).describe('The host, or a device of it as host:device'),
      reason: z.enum(DROP_REASON_CODES).optional().describe('Why they died; any reason when not given'),
      count: countRange.describe('How many'),
    },
    'a map of at, reason and count',
  ).describe('Frames that died, by place and reason'),
  references: ({ at }) => refer(at.includes(':') ? 'place' : 'host', at, 'at'),
  check({ at, reason, count }, { world }) {
    const [host, device] = at.split(':');
    const here = world.drops().filter((drop) => drop.host === host && (device === undefined || drop.device === device));
    const total = here
      .filter((drop) => reason === undefined || drop.reason === reason)
      .reduce((sum, drop) => sum + drop.count, 0);
    const all = here.map((drop) => `${drop.where}: ${drop.reason}: ${drop.count}`);
    const what = `drops at ${at}${reason === undefined ? '' : ` (${reason})`}`;
    return [checkCount(what, total, count, all.length > 0 ? all : [`nothing died at ${at}`])];
  },
});
