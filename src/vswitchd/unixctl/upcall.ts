/** upcall/... and revalidator/...: how misses become flows. Mirrors the unixctl part of ofproto-dpif-upcall.c. */
import { parseLeadingDecimal } from '#src/openflow/number-text.js';
import type { UnixctlResult } from '../vswitchd-api.js';
import { type UnixctlCommand, reply } from './command.js';
import type { UnixctlContext } from './unixctl-context.js';

/** A command without arguments. */
function plain(name: string, run: (context: UnixctlContext) => UnixctlResult): UnixctlCommand {
  return { name, usage: '', minArgs: 0, maxArgs: 0, run: (_args, context) => run(context) };
}

/** Deliberately different: one revalidator, number 1, where OVS numbers its threads. */
const show = plain('upcall/show', (context) =>
  reply(
    context
      .upcalls()
      .map(
        (status) =>
          `${status.datapath}:\n` +
          `  flows         : (current ${status.flows}) (avg ${status.averageFlows}) (max ${status.maxFlows})` +
          ` (limit ${status.flowLimit})\n` +
          `  dump duration : ${status.dumpDurationMs}ms\n` +
          '  ufid enabled : true\n' +
          '\n' +
          `  1: (keys ${status.keys})\n`,
      )
      .join(''),
  ),
);

const setFlowLimit: UnixctlCommand = {
  name: 'upcall/set-flow-limit',
  usage: 'flow-limit-number',
  minArgs: 1,
  maxArgs: 1,
  run([text], context) {
    const limit = parseLeadingDecimal(text!) >>> 0;
    context.setFlowLimit(limit);
    return reply(`set flow_limit to ${limit}`);
  },
};

const disableMegaflows = plain('upcall/disable-megaflows', (context) => {
  context.setMegaflows(false);
  return reply('megaflows disabled');
});

const enableMegaflows = plain('upcall/enable-megaflows', (context) => {
  context.setMegaflows(true);
  return reply('megaflows enabled');
});

const wait = plain('revalidator/wait', (context) => {
  context.revalidate();
  return reply();
});

const purge = plain('revalidator/purge', (context) => {
  context.purge();
  return reply();
});

export const UPCALL_COMMANDS: readonly UnixctlCommand[] = [
  show,
  setFlowLimit,
  disableMegaflows,
  enableMegaflows,
  wait,
  purge,
];
