/** A machine's switch: a database in memory and the vswitchd that follows it. */
import { MemoryDatabase } from '#src/ovsdb/memory-database.js';
import { type DatapathSettings, Vswitchd } from '#src/vswitchd/vswitchd.js';
import type { Database } from '#src/ovsdb/database.js';
import type { VswitchdApi } from '#src/vswitchd/vswitchd-api.js';
import { exportHost } from './export-host.js';
import type { Machine } from './machine.js';

export interface MachineSwitch {
  readonly database: Database;
  readonly vswitchd: VswitchdApi;
}

export function makeSwitch(machine: Machine, datapath?: DatapathSettings): MachineSwitch {
  const database = new MemoryDatabase(machine.rng);
  const vswitchd = new Vswitchd({
    database,
    scheduler: machine.scheduler,
    rng: machine.rng,
    netdevs: machine,
    underlay: machine,
    exportHost: exportHost(machine.root),
    files: { appendFile: (path, bytes) => machine.files.append(path, bytes) },
    ...(datapath === undefined ? {} : { datapath }),
  });
  return { database, vswitchd };
}
