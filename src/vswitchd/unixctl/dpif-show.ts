/** dpif/show, dpif/dump-dps, ofproto/list: bridges, their datapaths and their ports. Mirrors ofproto-dpif.c. */
import { type UnixctlCommand, reply } from './command.js';
import type { UnixctlBridge, UnixctlContext, UnixctlPort } from './unixctl-context.js';

/** In the order of strcmp(), as OVS sorts names. */
function byName<T extends { readonly name: string }>(things: readonly T[]): readonly T[] {
  return [...things].sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
}

const show: UnixctlCommand = {
  name: 'dpif/show',
  usage: '',
  minArgs: 0,
  maxArgs: 0,
  run(_args, context) {
    // A backer is known by its type: dummy before system.
    const names = [...context.datapaths().keys()].sort();
    return reply(names.map((name) => showBacker(name, context)).join(''));
  },
};

function showBacker(datapath: string, context: UnixctlContext): string {
  const bridges = context.bridges().filter((bridge) => bridge.datapath === datapath);
  const stats = context.datapaths().get(datapath)!.stats();
  let text = `${datapath}: hit:${stats.hits} missed:${stats.missed}\n`;
  for (const bridge of byName(bridges)) {
    text += `  ${bridge.name}:\n`;
    for (const port of byName(bridge.ports)) text += `    ${showPort(port)}\n`;
  }
  return text;
}

function showPort(port: UnixctlPort): string {
  const config = [...port.config].sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, value]) => `${key}=${value}`);
  const settings = config.length === 0 ? '' : `: ${config.join(', ')}`;
  return `${port.name} ${port.ofPort}/${port.odpPort ?? 'none'}: (${port.type}${settings})`;
}

const dumpDps: UnixctlCommand = {
  name: 'dpif/dump-dps',
  usage: '',
  minArgs: 0,
  maxArgs: 0,
  run(_args, context) {
    const typeOf = (bridge: UnixctlBridge): string => bridge.datapath.slice(0, bridge.datapath.indexOf('@'));
    const names = context.bridges().map((bridge) => `${typeOf(bridge)}@${bridge.name}\n`);
    return reply(names.sort().join(''));
  },
};

const ofprotoList: UnixctlCommand = {
  name: 'ofproto/list',
  usage: '',
  minArgs: 0,
  maxArgs: 0,
  run(_args, context) {
    return reply(
      context
        .bridges()
        .map((bridge) => `${bridge.name}\n`)
        .join(''),
    );
  },
};

export const DPIF_SHOW_COMMANDS: readonly UnixctlCommand[] = [show, dumpDps, ofprotoList];
