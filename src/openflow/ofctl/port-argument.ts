/** Finds the port that an argument names. Mirrors str_to_port_no() of utilities/ovs-ofctl.c. */
import { UserError } from '../../report/user-error.js';
import { parsePort } from '../port-text.js';
import { NO_PORT_NAMES } from '../ports.js';
import type { Invocation } from './invocation.js';

export function parsePortArgument(invocation: Invocation, name: string, text: string): number {
  const port = parsePort(text, NO_PORT_NAMES) ?? parsePort(text, invocation.portsToAccept(name));
  if (port === null) throw new UserError(`${name}: unknown port \`${text}'`);
  return port;
}
