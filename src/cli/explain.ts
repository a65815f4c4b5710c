/**
 * `upcall explain 'FLOW'`: why a packet goes where it goes; `--megaflow`: who made its megaflow as narrow as it is;
 * `--cache CAPTURE`: which rules cost the cache most. Exit codes: 0; 1 when the packet is not delivered; 2 for bad input.
 */
import { readFileSync } from 'node:fs';
import type { ArgumentsCamelCase, Argv, CommandModule } from 'yargs';
import { parseFlow } from '../openflow/match-parse.js';
import { paletteFor } from '../report/colour.js';
import { fileError } from '../report/file-error.js';
import { parseCtState } from '../vswitchd/unixctl/ct-state-argument.js';
import { UserError } from '../report/user-error.js';

interface ExplainArguments {
  readonly flow: string | undefined;
  readonly setup: string;
  readonly bridge: string | undefined;
  readonly packet: string | undefined;
  readonly 'ct-next': readonly string[] | undefined;
  readonly megaflow: boolean;
  readonly cache: string | undefined;
  readonly 'in-port': string | undefined;
  readonly json: boolean;
  readonly seed: number;
}

const build = (yargs: Argv): Argv<ExplainArguments> =>
  yargs
    .usage('$0 explain --setup FILE [FLOW] [options]\n\nTells why a packet goes where it goes, or nowhere.')
    .positional('flow', { type: 'string', describe: 'The packet, as ofproto/trace takes it: in_port=1,tcp,…' })
    .option('setup', {
      type: 'string',
      requiresArg: true,
      demandOption: true,
      describe: 'Shell file that sets up the switch, or a file of flows',
    })
    .option('bridge', { type: 'string', requiresArg: true, describe: 'The bridge, where there are several' })
    .option('packet', { type: 'string', requiresArg: true, describe: 'The frame, in hexadecimal' })
    .option('ct-next', {
      type: 'string',
      requiresArg: true,
      // One or several: an array type would take the flow for another value.
      coerce: (given: string | readonly string[]) => (typeof given === 'string' ? [given] : given),
      describe: 'State in which the next connection is found (trk,est); new unless given',
    })
    .option('megaflow', { type: 'boolean', default: false, describe: 'Who asked for which bit of the megaflow' })
    .option('cache', {
      type: 'string',
      requiresArg: true,
      describe: 'Capture: which rules cost the cache most over it',
    })
    .option('in-port', {
      type: 'string',
      requiresArg: true,
      describe: 'With --cache: the port that all frames come in by (else one port for each source MAC address)',
    })
    .option('json', { type: 'boolean', default: false, describe: 'As one JSON object, with the trace as a tree' })
    .option('seed', { type: 'number', requiresArg: true, default: 1, describe: 'Seed of all that is random' })
    .example("$0 explain --setup switch.sh --bridge br0 'in_port=1,tcp,tp_dst=22'", 'why is it dropped?')
    .example("$0 explain --setup switch.sh --megaflow 'in_port=1,tcp'", 'who asked for the bits of its megaflow?')
    .example('$0 explain --setup switch.sh --cache web.pcap', 'which rules make megaflows over a capture?');

export const explainCommand: CommandModule<object, ExplainArguments> = {
  command: 'explain [flow]',
  describe: 'Tell why a packet goes where it goes, or nowhere',
  builder: build,
  handler: async (argv) => {
    process.exitCode = await explain(argv);
  },
};

async function explain(argv: ArgumentsCamelCase<ExplainArguments>): Promise<number> {
  const { setUp, bridgeOf } = await import('../explain/switch-setup.js');
  if (!Number.isSafeInteger(argv.seed)) throw new UserError('--seed must be a whole number');
  const prepared = await setUp({
    file: argv.setup,
    text: readText(argv.setup),
    directory: process.cwd(),
    seed: argv.seed,
    onOutput: (bytes) => process.stderr.write(bytes),
  });
  if (argv.cache !== undefined) {
    const { cacheCost, renderCacheCost, cacheCostToJson } = await import('../explain/cache-cost.js');
    const { readFrames } = await import('../explain/capture-frames.js');
    const cost = cacheCost(prepared, await readFrames(argv.cache), argv.inPort);
    print(argv.json ? cacheCostToJson(cost) : renderCacheCost(cost));
    return 0;
  }
  const bridge = bridgeOf(prepared, argv.bridge, argv.setup);
  if (argv.flow === undefined && argv.packet === undefined) {
    throw new UserError('explain needs a flow, --packet or --cache', { hint: "such as 'in_port=1,tcp,tp_dst=80'" });
  }
  let flow = parseFlow(argv.flow ?? '', bridge.portNames, bridge.tunnelOptions);
  let packet: Uint8Array | null = null;
  if (argv.packet !== undefined) {
    const { extractFlow } = await import('#datapath/flow-extract.js');
    packet = parseHex(argv.packet);
    flow = extractFlow(packet, flow, prepared.vswitchd.vlanLimit);
  }
  const { explainPacket } = await import('../explain/explain-packet.js');
  const explanation = explainPacket(bridge, flow, { packet, ctStates: ctStates(argv.ctNext) });
  const named = (name: string) => prepared.vswitchd.bridgeNamed(name);
  if (argv.megaflow) {
    const { renderBlame, blameToJson } = await import('../explain/megaflow-blame.js');
    print(argv.json ? blameToJson(explanation, named) : renderBlame(explanation, named));
    return 0;
  }
  if (argv.json) {
    const { packetToJson } = await import('../explain/packet-json.js');
    print(packetToJson(explanation));
  } else {
    const { renderPacket } = await import('../explain/packet-text.js');
    print(renderPacket(explanation, paletteFor(process.stdout, process.env)));
  }
  return explanation.fate.kind === 'dropped' ? 1 : 0;
}

const ctStates = (texts: readonly string[] | undefined): readonly number[] => (texts ?? []).map(parseCtState);

const print = (what: object | string): void => {
  process.stdout.write(typeof what === 'string' ? what : `${JSON.stringify(what, null, 2)}\n`);
};

/** A text file of the user's. */
export function readText(file: string): string {
  try {
    return readFileSync(file === '-' ? 0 : file, 'utf8');
  } catch (error) {
    throw fileError('read', file, error);
  }
}

function parseHex(text: string): Uint8Array {
  const digits = text.replace(/\s+/g, '');
  if (!/^([0-9a-f]{2}){14,}$/i.test(digits)) {
    throw new UserError('--packet is no frame in hexadecimal', { hint: 'an even number of digits, 28 at least' });
  }
  return Uint8Array.from(Buffer.from(digits, 'hex'));
}
