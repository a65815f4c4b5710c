/**
 * ping TARGET [N] and benchmark TARGET N COUNT: echo requests. Mirrors ofctl_ping() and ofctl_benchmark() of
 * utilities/ovs-ofctl.c. A switch on the same machine answers at once: no virtual time goes by.
 */
import { UserError } from '../../report/user-error.js';
import { parseLeadingDecimal } from '../number-text.js';
import type { OfctlCommand } from './command.js';

const HEADER_SIZE = 8;
const MAX_PAYLOAD = 65535 - HEADER_SIZE;
const DEFAULT_PAYLOAD = 64;
const PING_COUNT = 10;

function parsePayload(text: string): number {
  const size = parseLeadingDecimal(text);
  if (size < 0 || size > MAX_PAYLOAD) throw new UserError(`payload must be between 0 and ${MAX_PAYLOAD} bytes`);
  return size;
}

export const ping: OfctlCommand = {
  name: 'ping',
  usage: 'target [n]',
  minArgs: 1,
  maxArgs: 2,
  writes: false,
  run(invocation, [name = '', payload]) {
    const size = payload === undefined ? DEFAULT_PAYLOAD : parsePayload(payload);
    invocation.open(name);
    for (let i = 0; i < PING_COUNT; i++) {
      const xid = invocation.nextXid().toString(16).padStart(8, '0');
      invocation.print(`${size} bytes from ${name}: xid=${xid} time=0.0 ms\n`);
    }
  },
};

export const benchmark: OfctlCommand = {
  name: 'benchmark',
  usage: 'target n count',
  minArgs: 3,
  maxArgs: 3,
  writes: false,
  run(invocation, [name = '', payload = '', countText = '']) {
    const size = HEADER_SIZE + parsePayload(payload);
    const count = parseLeadingDecimal(countText);
    invocation.print(`Sending ${count} packets * ${size} bytes (with header) = ${(count * size) >>> 0} bytes total\n`);
    invocation.open(name);
    // In C's words for what a division by no time gives.
    const rate = count === 0 ? '-nan' : 'inf';
    invocation.print(`Finished in 0.0 ms (${rate} packets/s) (${rate} bytes/s)\n`);
  },
};
