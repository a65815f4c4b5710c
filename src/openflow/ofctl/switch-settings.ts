/**
 * dump-desc, get-frags, set-frags and ct-flush-zone.
 * Mirrors the functions of these names in utilities/ovs-ofctl.c.
 */
import { UserError } from '../../report/user-error.js';
import { parseU16 } from '../number-text.js';
import { type FragmentHandling, offering } from '../switch-connection.js';
import type { OfctlCommand } from './command.js';

export const dumpDesc: OfctlCommand = {
  name: 'dump-desc',
  usage: 'switch',
  minArgs: 1,
  maxArgs: 1,
  writes: false,
  run(invocation, [name = '']) {
    const { connection, version } = invocation.open(name);
    const head = invocation.header('OFPST_DESC reply', version, invocation.nextXid());
    const about = offering(connection, 'description').description();
    invocation.print(
      `${head}\nManufacturer: ${about.manufacturer}\nHardware: ${about.hardware}\nSoftware: ${about.software}\n` +
        `Serial Num: ${about.serialNumber}\nDP Description: ${about.datapath}\n`,
    );
  },
};

export const getFrags: OfctlCommand = {
  name: 'get-frags',
  usage: 'switch',
  minArgs: 1,
  maxArgs: 1,
  writes: false,
  run(invocation, [name = '']) {
    const { connection } = invocation.open(name);
    // A switch that cannot be told otherwise treats fragments as usual.
    invocation.print(`${connection.fragmentHandling?.() ?? 'normal'}\n`);
  },
};

const FRAGMENT_MODES: readonly FragmentHandling[] = ['normal', 'drop', 'reassemble', 'nx-match'];

export const setFrags: OfctlCommand = {
  name: 'set-frags',
  usage: 'switch fragment_mode',
  minArgs: 2,
  maxArgs: 2,
  writes: true,
  run(invocation, [name = '', text = '']) {
    const wanted = FRAGMENT_MODES.find((mode) => mode === text.toLowerCase());
    if (wanted === undefined) throw new UserError(`${text}: unknown fragment handling mode`);
    const { connection } = invocation.open(name);
    const present = (): FragmentHandling => connection.fragmentHandling?.() ?? 'normal';
    if (present() === wanted) return;
    if (wanted !== 'reassemble') offering(connection, 'setFragmentHandling').setFragmentHandling(wanted);
    if (present() !== wanted) {
      throw new UserError(
        `${name}: setting fragment handling mode failed ` + `(this switch probably doesn't support mode "${wanted}")`,
      );
    }
  },
};

export const ctFlushZone: OfctlCommand = {
  name: 'ct-flush-zone',
  usage: 'switch zone',
  minArgs: 2,
  maxArgs: 2,
  writes: true,
  run(invocation, [name = '', text = '']) {
    const zone = parseU16(text, 'zone_id');
    const { connection } = invocation.open(name);
    invocation.sendQuietly();
    offering(connection, 'ctFlush').ctFlush({ zone, family: null, protocol: 0, original: null, reply: null });
  },
};
