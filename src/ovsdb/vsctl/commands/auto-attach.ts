/** Commands about the mappings of I-SIDs to VLANs of a bridge (IEEE 802.1aq, "auto attach"). */
import { UserError } from '#src/report/user-error.js';
import { sortedMap } from '../../datum.js';
import type { CommandSyntax } from '../command.js';
import type { CommandContext } from '../context.js';

/** A leading number, as strtoull() reads it. */
function parseNumber(text: string): number {
  const value = Number.parseInt(text, 10);
  if (Number.isNaN(value)) throw new UserError(`Invalid argument ${text}`);
  return value;
}

const addAaMapping: CommandSyntax = {
  name: 'add-aa-mapping',
  minArgs: 3,
  maxArgs: 3,
  arguments: 'BRIDGE I-SID VLAN',
  options: [],
  writes: true,
  run(context) {
    const isid = parseNumber(context.arg(1));
    const vlan = parseNumber(context.arg(2));
    const { row } = context.bridges().getBridge(context.arg(0));
    let autoAttach = row.refs('auto_attach')[0];
    if (autoAttach === undefined) {
      autoAttach = context.draft.insert('AutoAttach');
      row.set('auto_attach', [autoAttach.uuid]);
    }
    // The smaller VLAN of two for one I-SID stays, as where the real tool drops doubles.
    const others = [...autoAttach.map('mappings')].filter(([key]) => key !== isid);
    const old = autoAttach.map('mappings').get(isid);
    const kept = old === undefined ? vlan : Math.min(Number(old), vlan);
    autoAttach.set('mappings', sortedMap([...others, [isid, kept]]));
    return undefined;
  },
};

const delAaMapping: CommandSyntax = {
  name: 'del-aa-mapping',
  minArgs: 3,
  maxArgs: 3,
  arguments: 'BRIDGE I-SID VLAN',
  options: [],
  writes: true,
  run(context) {
    const isid = parseNumber(context.arg(1));
    const vlan = parseNumber(context.arg(2));
    const autoAttach = findAutoAttach(context);
    if (autoAttach?.map('mappings').get(isid) !== vlan) return undefined;
    // As in OVS, other mappings to the same VLAN go too.
    const kept = [...autoAttach.map('mappings')].filter(([key, value]) => key !== isid && value !== vlan);
    autoAttach.set('mappings', sortedMap(kept));
    return undefined;
  },
};

const getAaMapping: CommandSyntax = {
  name: 'get-aa-mapping',
  minArgs: 1,
  maxArgs: 1,
  arguments: 'BRIDGE',
  options: [],
  writes: false,
  run(context) {
    for (const [isid, vlan] of findAutoAttach(context)?.map('mappings') ?? []) context.print(`${isid} ${vlan}`);
    return undefined;
  },
};

const findAutoAttach = (context: CommandContext) =>
  context.bridges().getBridge(context.arg(0)).row.refs('auto_attach')[0];

export const autoAttachCommands: readonly CommandSyntax[] = [addAaMapping, delAaMapping, getAaMapping];
