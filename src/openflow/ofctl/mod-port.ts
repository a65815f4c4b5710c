/** ovs-ofctl mod-port SWITCH PORT ACTION: sets or clears what a port may do. Mirrors ofctl_mod_port(). */
import { UserError } from '../../report/user-error.js';
import { parsePort } from '../port-text.js';
import { NO_PORT_NAMES } from '../ports.js';
import type { OfctlCommand } from './command.js';

/** OFPPC_* bit by the word that clears it (`down` sets what `up` clears), and whether OpenFlow 1.1 and later have it. */
const WORDS: ReadonlyMap<string, { readonly bit: number; readonly sets: boolean; readonly later: boolean }> = new Map([
  ['up', { bit: 1, sets: false, later: true }],
  ['down', { bit: 1, sets: true, later: true }],
  ['stp', { bit: 2, sets: false, later: false }],
  ['receive', { bit: 4, sets: false, later: true }],
  ['receive-stp', { bit: 8, sets: false, later: false }],
  ['flood', { bit: 16, sets: false, later: false }],
  ['forward', { bit: 32, sets: false, later: true }],
  ['packet-in', { bit: 64, sets: false, later: true }],
]);

export const modPort: OfctlCommand = {
  name: 'mod-port',
  usage: 'switch iface act',
  minArgs: 3,
  maxArgs: 3,
  writes: true,
  run(invocation, [name = '', portText = '', action = '']) {
    const { connection } = invocation.open(name);
    invocation.nextXid();
    const number = /^\d+$/.test(portText) ? parsePort(portText, NO_PORT_NAMES) : null;
    const port = connection
      .portDescriptions()
      .find((one) => (number === null ? one.name === portText : one.port === number));
    if (port === undefined) throw new UserError(`${name}: couldn't find port \`${portText}'`);
    const found = /^(no-|no)?([\s\S]*)$/i.exec(action)!;
    const word = WORDS.get(found[2]!.toLowerCase());
    if (word === undefined) throw new UserError(`unknown mod-port command '${action}'`);
    const { version } = invocation.open(name);
    const xid = invocation.sendQuietly();
    const sets = word.sets !== (found[1] !== undefined);
    const mask = version === 10 || word.later ? word.bit : 0;
    if (mask === 0) return;
    invocation.refusable(version, xid, invocation.header('OFPT_PORT_MOD', version, xid), () => {
      connection.portMod(port.port, sets ? mask : 0, mask);
    });
  },
};
