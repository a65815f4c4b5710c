/**
 * The rules that lint looks at, with the lines that wrote them: of a file of flows, or of one bridge of a setup script.
 *
 * A script's rules are placed by watching its ovs-ofctl commands: what appears in the tables while one runs was written
 * by it, in its argument or in the file that it names.
 */
import type { Match } from '#flowtable/match.js';
import { flowFileLines, parseFlowFile } from '#src/openflow/flow-file.js';
import { TABLE_ALL } from '#src/openflow/flow-mod.js';
import { parseFlowMod } from '#src/openflow/flow-mod-parse.js';
import { NO_PORT_NAMES, type PortNames } from '#src/openflow/ports.js';
import type { CommandContext, ShellCommand } from '#src/linux/command/command.js';
import { ovsOfctl } from '#src/linux/command/ovs-tools.js';
import { UserError } from '#src/report/user-error.js';
import type { Bridge } from '#src/vswitchd/bridge.js';
import type { Rule } from '#src/vswitchd/openflow-table.js';
import { Vswitchd } from '#src/vswitchd/vswitchd.js';
import { bridgeOf, FLOW_FILE_BRIDGE, isFlowFile, runSetup, setUpFlowFile, type SetupOptions } from '../switch-setup.js';
import type { LintSubject, RulePlace } from './finding.js';

export async function readSubject(options: SetupOptions, bridgeName: string | undefined): Promise<LintSubject> {
  return isFlowFile(options.text) ? ofFlowFile(options) : ofScript(options, bridgeName);
}

const identity = (table: number, priority: number, match: Match): string =>
  `${table}|${priority}|${Buffer.from(match.key.bytes).toString('latin1')}|${Buffer.from(match.mask.bytes).toString('latin1')}`;

const tableOf = (table: number): number => (table === TABLE_ALL ? 0 : table);

async function ofFlowFile(options: SetupOptions): Promise<LintSubject> {
  const { file, text } = options;
  const { mods } = parseFlowFile(text, { fileName: file, command: null, ports: NO_PORT_NAMES });
  const prepared = await setUpFlowFile(options);
  const bridge = prepared.vswitchd.bridgeNamed(FLOW_FILE_BRIDGE)!;
  const lines = flowFileLines(text);
  const placed = new Map<string, RulePlace>();
  const replaced: { place: RulePlace; by: RulePlace; table: number }[] = [];
  for (const [i, mod] of mods.entries()) {
    const { number, text: line } = lines[i]!;
    const place = { file, line: number, text: line.trim() };
    if (mod.command === 'delete' || mod.command === 'delete-strict') {
      // What it took away may well be written again.
      placed.clear();
      continue;
    }
    const table = tableOf(mod.tableId);
    const id = identity(table, mod.priority, mod.match);
    const earlier = placed.get(id);
    if (mod.command === 'add' && earlier !== undefined) replaced.push({ place: earlier, by: place, table });
    placed.set(id, place);
  }
  const places = new Map<Rule, RulePlace>();
  for (const rule of allRules(bridge)) {
    const place = placed.get(identity(rule.tableId, rule.priority, rule.match));
    if (place !== undefined) places.set(rule, place);
  }
  return { bridge, file, places, replaced, portsAreKnown: false, vlanLimit: prepared.vswitchd.vlanLimit };
}

async function ofScript(options: SetupOptions, bridgeName: string | undefined): Promise<LintSubject> {
  const watch = new OfctlWatch(options.file, options.text);
  const prepared = await runSetup({ ...options, commands: [watch.command] });
  const bridge = bridgeOf(prepared, bridgeName, options.file);
  const { places } = watch;
  return {
    bridge,
    file: options.file,
    places,
    replaced: [],
    portsAreKnown: true,
    vlanLimit: prepared.vswitchd.vlanLimit,
  };
}

function* allRules(bridge: Bridge): Iterable<Rule> {
  for (const { classifier } of bridge.usedTables()) yield* classifier.rules();
}

/** ovs-ofctl as the machine has it, and a note of which command made which rule. */
class OfctlWatch {
  readonly places = new Map<Rule, RulePlace>();
  readonly command: ShellCommand;
  private readonly file: string;
  private readonly lines: readonly string[];
  /** The line on which the last flow was found: scripts are read from top to bottom. */
  private cursor = 0;

  constructor(file: string, script: string) {
    this.file = file;
    this.lines = script.split('\n');
    this.command = {
      name: ovsOfctl.name,
      run: async (args, context) => {
        const output = await ovsOfctl.run(args, context);
        await this.note(args, context);
        return output;
      },
    };
  }

  private async note(args: readonly string[], context: CommandContext): Promise<void> {
    const { vswitchd } = context.machine;
    if (!(vswitchd instanceof Vswitchd)) return;
    for (const name of vswitchd.bridgeNames()) {
      const bridge = vswitchd.bridgeNamed(name)!;
      const fresh = [...allRules(bridge)].filter((rule) => !this.places.has(rule));
      if (fresh.length === 0) continue;
      const written = await this.written(args, context, bridge.portNames);
      for (const rule of fresh) {
        const place = written.get(identity(rule.tableId, rule.priority, rule.match));
        this.places.set(rule, place ?? { file: this.file, line: null, text: '' });
      }
    }
  }

  /** The flows that the command's words, or the file that they name, write. */
  private async written(
    args: readonly string[],
    context: CommandContext,
    ports: PortNames,
  ): Promise<ReadonlyMap<string, RulePlace>> {
    const places = new Map<string, RulePlace>();
    const add = (text: string, file: string, line: number | null): void => {
      const flow = text.trim().replace(/^(add|modify|modify_strict)\s+/, '');
      try {
        const { mod } = parseFlowMod(flow, 'add', { ports });
        places.set(identity(tableOf(mod.tableId), mod.priority, mod.match), { file, line, text: flow });
      } catch (error) {
        if (!(error instanceof UserError)) throw error;
      }
    };
    const inScript = (text: string): void => {
      for (const line of flowFileLines(text)) add(line.text, this.file, this.lineOf(line.text.trim()));
    };
    for (const word of args) if (word.includes('action')) inScript(word);
    const last = args.at(-1);
    if (places.size > 0 || last === undefined) return places;
    if (last === '-') {
      inScript(context.stdin);
      return places;
    }
    try {
      const text = Buffer.from(await context.readFile(last)).toString('utf8');
      for (const line of flowFileLines(text)) add(line.text, last, line.number);
    } catch {
      // The last word names no file: rules that are not placed have none of their own.
    }
    return places;
  }

  private lineOf(text: string): number | null {
    const at = this.lines.findIndex((line, i) => i >= this.cursor && line.includes(text));
    const found = at >= 0 ? at : this.lines.findIndex((line) => line.includes(text));
    if (found >= 0) this.cursor = found;
    return found < 0 ? null : found + 1;
  }
}
