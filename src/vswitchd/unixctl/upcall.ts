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
function show(context: UnixctlContext, isUfidEnabled: boolean): UnixctlResult {
  return reply(
    context
      .upcalls()
      .map(
        (status) =>
          `${status.datapath}:\n` +
          `  flows         : (current ${status.flows}) (avg ${status.averageFlows}) (max ${status.maxFlows})` +
          ` (limit ${status.flowLimit})\n` +
          `  dump duration : ${status.dumpDurationMs}ms\n` +
          `  ufid enabled : ${isUfidEnabled}\n` +
          '\n' +
          `  1: (keys ${status.keys})\n`,
      )
      .join(''),
  );
}

/** Whether flows are dumped by their identifiers alone is asked and shown; it changes nothing of what is dumped. */
function ufidCommands(): readonly UnixctlCommand[] {
  let isEnabled = true;
  return [
    plain('upcall/show', (context) => show(context, isEnabled)),
    plain('upcall/disable-ufid', () => {
      isEnabled = false;
      return reply('Datapath dumping tersely using UFID disabled');
    }),
    plain('upcall/enable-ufid', () => {
      isEnabled = true;
      return reply('Datapath dumping tersely using UFID enabled for supported datapaths');
    }),
  ];
}

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

/** For tests; not listed. */
const pause: UnixctlCommand = {
  ...plain('revalidator/pause', (context) => {
    context.setRevalidation(false);
    return reply();
  }),
  usage: null,
};

const resume: UnixctlCommand = {
  ...plain('revalidator/resume', (context) => {
    context.setRevalidation(true);
    return reply();
  }),
  usage: null,
};

/** What they set lasts as long as the commands. */
export const upcallCommands = (): readonly UnixctlCommand[] => [
  ...ufidCommands(),
  setFlowLimit,
  disableMegaflows,
  enableMegaflows,
  wait,
  purge,
  pause,
  resume,
];
