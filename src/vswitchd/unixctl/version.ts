/** version: which Open vSwitch Upcall behaves like. */
import { type UnixctlCommand, reply } from './command.js';

/** The release whose text and behaviour are the yardstick. */
export const OVS_VERSION = '3.1.0';

export const version: UnixctlCommand = {
  name: 'version',
  usage: '',
  minArgs: 0,
  maxArgs: 0,
  run: () => reply(`ovs-vswitchd (Open vSwitch) ${OVS_VERSION}`),
};
