/** time/stop and time/warp: virtual time by hand. Mirrors timeval_stop_cb() and timeval_warp_cb() of lib/timeval.c. */
import { parseLeadingDecimal } from '#src/openflow/number-text.js';
import { type UnixctlCommand, reply, replyError } from './command.js';

const stop: UnixctlCommand = {
  name: 'time/stop',
  usage: '',
  minArgs: 0,
  maxArgs: 0,
  run(_args, context) {
    context.stopTime();
    return reply();
  },
};

/** `time/warp MS`, or `time/warp TOTAL STEP`: TOTAL in steps of STEP, so that what recurs gets its turns. */
const warp: UnixctlCommand = {
  name: 'time/warp',
  usage: '[large_msecs] msecs',
  minArgs: 1,
  maxArgs: 2,
  run(args, context) {
    const total = args.length === 2 ? parseLeadingDecimal(args[0]!) : 0;
    const step = parseLeadingDecimal(args.at(-1)!);
    if (step <= 0 || total < 0) return replyError('invalid MSECS');
    let left = total === 0 ? step : total;
    while (left > 0) {
      const next = Math.min(step, left);
      context.warp(next);
      left -= next;
    }
    return reply('warped');
  },
};

export const TIME_COMMANDS: readonly UnixctlCommand[] = [stop, warp];
