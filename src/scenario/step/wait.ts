/** `wait`: lets virtual time pass. */
import { time } from '../file/values.js';
import { formatDuration } from '../../report/units.js';
import { defineStep } from './step-kind.js';

export const wait = defineStep({
  name: 'wait',
  schema: time.describe('Lets virtual time pass'),
  references: () => [],
  run(value, { world }) {
    world.scheduler.runUntil(world.scheduler.nowNs() + value);
    return { title: `wait ${formatDuration(value)}`, checks: [] };
  },
});
