/** ovs-ofctl encode-hello BITMAP: the greeting of one that speaks these versions. Mirrors ofctl_encode_hello(). */
import { UserError } from '../../report/user-error.js';
import { scanInteger } from '../number-text.js';
import { formatHexDump } from '../hex-bytes.js';
import { NO_PORT_NAMES } from '../ports.js';
import { encodeGreeting } from '../wire/greeting.js';
import { formatMessageBytes } from '../wire/message-text.js';
import type { OfctlCommand } from './command.js';

export const encodeHello: OfctlCommand = {
  name: 'encode-hello',
  usage: '',
  minArgs: 1,
  maxArgs: 1,
  writes: true,
  run(invocation, [text = '']) {
    const versions = Number(BigInt.asUintN(32, scanInteger(text).value));
    // Real ovs-ofctl aborts.
    if (versions < 2) throw new UserError(`${text}: no version of OpenFlow`);
    const bytes = encodeGreeting(versions, invocation.nextXid());
    const { verbosity } = invocation.options;
    invocation.print(formatHexDump(bytes, false));
    invocation.print(formatMessageBytes(bytes, { ports: NO_PORT_NAMES, names: false, verbosity }));
  },
};
