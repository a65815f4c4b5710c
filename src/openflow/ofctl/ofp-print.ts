/**
 * ovs-ofctl ofp-print HEX [VERBOSITY]: an OpenFlow message as text; `-` reads the digits from standard input, and with
 * --raw the bytes themselves. Mirrors ofctl_ofp_print().
 */
import { UserError } from '../../report/user-error.js';
import { parseHexBytes } from '../hex-bytes.js';
import { parseLeadingDecimal } from '../number-text.js';
import { NO_PORT_NAMES } from '../ports.js';
import { formatMessageBytes } from '../wire/message-text.js';
import type { OfctlCommand } from './command.js';

const DEFAULT_VERBOSITY = 2;

export const ofpPrint: OfctlCommand = {
  name: 'ofp-print',
  usage: '',
  minArgs: 1,
  maxArgs: 2,
  writes: true,
  run(invocation, [hex = '', verbosityText]) {
    const { stdin } = invocation.environment;
    const isRaw = hex === '-' && invocation.options.raw;
    const digits = hex === '-' ? stdin.split('\n', 1)[0]! : hex;
    const bytes = isRaw ? Uint8Array.from(Buffer.from(stdin, 'latin1')) : parseHexBytes(digits);
    if (bytes === null) throw new UserError('trailing garbage following hex bytes');
    const verbosity = verbosityText === undefined ? DEFAULT_VERBOSITY : parseLeadingDecimal(verbosityText);
    invocation.print(formatMessageBytes(bytes, { ports: NO_PORT_NAMES, names: false, verbosity }));
  },
};
