/** Commands about the switch as a whole: `init`, and `emer-reset`, which leaves bridges and ports and little else. */
import type { CommandSyntax } from '../command.js';

const init: CommandSyntax = {
  name: 'init',
  minArgs: 0,
  maxArgs: 0,
  arguments: '',
  options: [],
  writes: true,
  run(context) {
    context.draft.root();
    return undefined;
  },
};

/** Tables whose rows all go. */
const RESET_TABLES = [
  'Mirror',
  'Controller',
  'Manager',
  'NetFlow',
  'SSL',
  'sFlow',
  'IPFIX',
  'Flow_Sample_Collector_Set',
];
const RESET_BRIDGE_COLUMNS = ['controller', 'fail_mode', 'mirrors', 'netflow', 'sflow', 'ipfix', 'flood_vlans'];

const emerReset: CommandSyntax = {
  name: 'emer-reset',
  minArgs: 0,
  maxArgs: 0,
  arguments: '',
  options: [],
  writes: true,
  run({ draft }) {
    draft.root().set('manager_options', []);
    draft.root().set('ssl', []);
    for (const bridge of draft.rows('Bridge')) {
      for (const column of RESET_BRIDGE_COLUMNS) bridge.set(column, []);
      const hwaddr = bridge.map('other_config').get('hwaddr');
      bridge.set('other_config', new Map(hwaddr === undefined ? [] : [['hwaddr', hwaddr]]));
    }
    for (const port of draft.rows('Port')) port.set('other_config', new Map());
    for (const row of draft.rows('Interface')) {
      row.set('ingress_policing_rate', [0]);
      row.set('ingress_policing_burst', [0]);
    }
    for (const table of RESET_TABLES) for (const row of draft.rows(table)) draft.delete(row);
    return undefined;
  },
};

export const switchCommands: readonly CommandSyntax[] = [init, emerReset];
