/**
 * The switch that questions are asked of: a fresh machine, as `upcall sh` has it, on which a shell script ran; or, for
 * a file of flows alone, one bridge that has every port that the flows name.
 *
 * Invariant: the same text and seed give the same switch, so that two of them differ by their rules only.
 */
import type { FlowMod } from '#src/openflow/flow-mod.js';
import { flowFileLines, parseFlowFile } from '#src/openflow/flow-file.js';
import type { Action } from '#src/openflow/action/action.js';
import { OFF_IN_PORT } from '#flowtable/flow-key.js';
import { OpenFlowError } from '#src/openflow/switch-connection.js';
import { NO_PORT_NAMES } from '#src/openflow/ports.js';
import type { ShellCommand } from '#src/linux/command/command.js';
import { Machine } from '#src/linux/machine.js';
import { Shell } from '#src/linux/shell/shell.js';
import { UserError } from '#src/report/user-error.js';
import { SeededRng } from '#src/sim/rng.js';
import { Scheduler } from '#src/sim/scheduler.js';
import type { Bridge } from '#src/vswitchd/bridge.js';
import { Vswitchd } from '#src/vswitchd/vswitchd.js';

export interface SetupOptions {
  /** The name of the file, for errors. */
  readonly file: string;
  readonly text: string;
  /** The directory of the disk that commands see. */
  readonly directory: string;
  readonly seed: number;
  /** Hears of what the script's commands print. */
  readonly onOutput?: (bytes: Uint8Array) => void;
  /** Commands that take the place of the machine's own. */
  readonly commands?: readonly ShellCommand[];
}

export interface PreparedSwitch {
  readonly machine: Machine;
  readonly vswitchd: Vswitchd;
}

/** The bridge that a file of flows alone gets. */
export const FLOW_FILE_BRIDGE = 'br0';
const MAX_PORTS = 4096;
const FIRST_RESERVED_PORT = 0xff00;

/** Runs the script; throws UserError when it fails or makes no bridge. */
export async function runSetup(options: SetupOptions): Promise<PreparedSwitch> {
  const { file, text } = options;
  const machine = new Machine({ name: 'host', scheduler: new Scheduler(), rng: new SeededRng(options.seed) });
  machine.addNic('eth0');
  const shell = new Shell(machine, { mount: options.directory, commands: options.commands ?? [] });
  const { exitCode } = await shell.run(text, { onOutput: (_, bytes) => options.onOutput?.(bytes) });
  if (exitCode !== 0) throw new UserError(`the setup ended with exit status ${exitCode}`, { file });
  if (!machine.hasSwitch || machine.vswitchd.bridgeNames().length === 0) {
    throw new UserError('the setup made no bridge', { file, hint: 'ovs-vsctl add-br br0 makes one' });
  }
  const { vswitchd } = machine;
  if (!(vswitchd instanceof Vswitchd)) throw new Error('the machine has a switch of another kind');
  return { machine, vswitchd };
}

/** Does the text hold flows, one a line, rather than a shell script? Its first line tells. */
export function isFlowFile(text: string): boolean {
  const first = flowFileLines(text)[0]?.text.trim();
  if (first === undefined || /^(ovs-\w+|set|export|cd|for|if|while|ip|sudo)\b/.test(first)) return false;
  return /^(add|modify|modify_strict|delete|delete_strict)\b/.test(first) || /(^|[\s,])actions?=/.test(first);
}

/** A bridge `br0` with the flows of the file, and a port pN for every number that they (or `alsoPorts`) name. */
export async function setUpFlowFile(
  options: SetupOptions,
  alsoPorts: ReadonlySet<number> = new Set(),
): Promise<PreparedSwitch> {
  const { file, text } = options;
  const { mods } = parseFlowFile(text, { fileName: file, command: null, ports: NO_PORT_NAMES });
  const ports = [...new Set([...portsOf(mods), ...alsoPorts])].sort((a, b) => a - b);
  if (ports.length > MAX_PORTS) throw new UserError(`names more than ${MAX_PORTS} ports`, { file });
  const addPorts = ports.map(
    (port) => `-- add-port br0 p${port} -- set interface p${port} type=dummy ofport_request=${port}`,
  );
  const script = `ovs-vsctl add-br br0 -- set bridge br0 datapath_type=dummy fail_mode=secure ${addPorts.join(' ')}`;
  const prepared = await runSetup({ ...options, text: script });
  applyFlows(prepared.vswitchd.bridgeNamed(FLOW_FILE_BRIDGE)!, prepared, file, text);
  return prepared;
}

/** Gives a bridge the flows of a file; throws UserError for the first line that is refused. */
export function applyFlows(bridge: Bridge, { vswitchd }: PreparedSwitch, file: string, text: string): void {
  const { mods } = parseFlowFile(text, { fileName: file, command: null, ports: bridge.portNames });
  const connection = vswitchd.bridge(bridge.name)!;
  for (const [index, mod] of mods.entries()) {
    try {
      connection.flowMods([mod]);
    } catch (error) {
      if (!(error instanceof OpenFlowError)) throw error;
      throw new UserError(`the switch refuses it: ${error.message}`, {
        file,
        line: flowFileLines(text)[index]!.number,
      });
    }
  }
}

/** The ports that a file of flows names by number. */
export const portsNamedIn = (file: string, text: string): ReadonlySet<number> =>
  portsOf(parseFlowFile(text, { fileName: file, command: null, ports: NO_PORT_NAMES }).mods);

/** Whichever the text is. */
export const setUp = (options: SetupOptions): Promise<PreparedSwitch> =>
  isFlowFile(options.text) ? setUpFlowFile(options) : runSetup(options);

/** The named bridge, or the only one. */
export function bridgeOf({ vswitchd }: PreparedSwitch, name: string | undefined, file: string): Bridge {
  const names = vswitchd.bridgeNames();
  const wanted = name ?? (names.length === 1 ? names[0] : undefined);
  if (wanted === undefined) throw new UserError(`has ${names.length} bridges`, { file, hint: `--bridge ${names[0]}` });
  const bridge = vswitchd.bridgeNamed(wanted);
  if (bridge !== undefined) return bridge;
  throw new UserError(`makes no bridge ${wanted}`, { file, hint: `it makes ${names.join(', ')}` });
}

function portsOf(mods: readonly FlowMod[]): ReadonlySet<number> {
  const ports = new Set<number>();
  const add = (port: number): void => {
    if (port > 0 && port < FIRST_RESERVED_PORT) ports.add(port);
  };
  const addActions = (actions: readonly Action[]): void => {
    for (const action of actions) {
      if ('port' in action && typeof action.port === 'number') add(action.port);
      if ('inPort' in action && typeof action.inPort === 'number') add(action.inPort);
      if ('actions' in action && Array.isArray(action.actions)) addActions(action.actions as readonly Action[]);
    }
  };
  for (const { match, actions } of mods) {
    if (match.mask.u32(OFF_IN_PORT) !== 0) add(match.key.u32(OFF_IN_PORT));
    addActions(actions);
  }
  return ports;
}
