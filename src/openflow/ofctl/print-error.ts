/** ovs-ofctl print-error NAME: an error's numbers in each version of OpenFlow. Mirrors ofctl_print_error(). */
import { UserError } from '../../report/user-error.js';
import { formatHex } from '../number-text.js';
import { ERROR_VERSIONS, errorNumbers, isErrorName } from '../wire/errors.js';
import type { OfctlCommand } from './command.js';

export const printError: OfctlCommand = {
  name: 'print-error',
  usage: '',
  minArgs: 1,
  maxArgs: 1,
  writes: true,
  run(invocation, [name = '']) {
    if (!isErrorName(name)) throw new UserError(`unknown error "${name}"`);
    for (const version of ERROR_VERSIONS) {
      const numbers = errorNumbers(name, version);
      if (numbers === null) continue;
      const { vendor, type, code } = numbers;
      invocation.print(`OpenFlow 1.${version - 10}: vendor ${formatHex(vendor)}, type ${type}, code ${code}\n`);
    }
  },
};
