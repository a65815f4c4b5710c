/** Our switch, in process and without a machine around it: a database, vswitchd and the tools' functions. */
import { MemoryDatabase } from '#src/ovsdb/memory-database.js';
import { runVsctl } from '#src/ovsdb/vsctl/vsctl.js';
import { runOfctl } from '#src/openflow/ofctl/ofctl.js';
import type { CommandOutput } from '#src/report/command-output.js';
import { SeededRng } from '#src/sim/rng.js';
import { Scheduler } from '#src/sim/scheduler.js';
import type { ExportHost } from '#src/vswitchd/flow-export/collectors.js';
import { Vswitchd } from '#src/vswitchd/vswitchd.js';
import type { OracleReply } from '../../support/ovs-oracle.js';
import { type SwitchUnderTest, framesSince } from './switch.js';

/** Takes all that is told to collectors, and keeps nothing. */
const ANY_COLLECTOR: ExportHost = {
  connect: () => ({ send: () => true, close: () => {} }),
  addressOf: () => null,
  sourceFor: () => null,
};

export class OurSwitch implements SwitchUnderTest {
  readonly name = 'Upcall';
  private database!: MemoryDatabase;
  private vswitchd!: Vswitchd;
  private scheduler!: Scheduler;
  private readonly files = new Map<string, Buffer>();
  private readonly read = new Map<string, number>();
  private readonly inputs = new Map<string, string>();

  constructor() {
    this.clear();
  }

  clear(): void {
    const rng = new SeededRng(1);
    this.files.clear();
    this.read.clear();
    this.scheduler = new Scheduler();
    this.database = new MemoryDatabase(rng);
    this.vswitchd = new Vswitchd({
      database: this.database,
      scheduler: this.scheduler,
      rng,
      netdevs: { open: (name) => ({ error: `could not open network device ${name} (No such device)` }) },
      underlay: null,
      exportHost: ANY_COLLECTOR,
      files: {
        appendFile: (path, bytes) => {
          this.files.set(path, Buffer.concat([this.files.get(path) ?? Buffer.alloc(0), bytes]));
        },
      },
    });
  }

  vsctl(args: readonly string[]): string {
    const output = runVsctl(
      args.map((arg) => arg.replace('{dir}/', '/')),
      { database: this.database },
    );
    this.check(output);
    return output.stdout;
  }

  async ofctl(args: readonly string[], input: string): Promise<string> {
    const output = await runOfctl(args, {
      connection: (name) => this.vswitchd.bridge(name),
      readFile: () => Promise.reject(new Error('no files here')),
      stdin: input,
    });
    this.check(output);
    return output.stdout;
  }

  /** A file that commands can read; returns its path. */
  write(name: string, text: string): string {
    this.inputs.set(`/${name}`, text);
    return `/${name}`;
  }

  appctl(command: string, ...args: readonly string[]): Promise<OracleReply> {
    const reply = this.vswitchd.unixctl(command, args, (path) => this.inputs.get(path) ?? null);
    this.scheduler.runDue();
    return Promise.resolve(reply);
  }

  /** Deliberately unlike real OVS's: flows stay cached, so that they must answer as a new translation would. */
  settle(): Promise<void> {
    this.scheduler.runDue();
    this.vswitchd.unixctl('revalidator/wait', []);
    return Promise.resolve();
  }

  transmitted(port: string): readonly string[] {
    const file = this.files.get(`/${port}.pcap`);
    if (file === undefined) return [];
    const { frames, end } = framesSince(file, this.read.get(port) ?? 0);
    this.read.set(port, end);
    return frames;
  }

  private check(output: CommandOutput): void {
    this.scheduler.runDue();
    if (output.exitCode !== 0) throw new Error(output.stderr);
  }
}
