/** A vswitchd without a host, driven by the words a person would type; frames out of dummy ports are kept. */
import type { CommandOutput } from '#src/report/command-output.js';
import { runOfctl } from '#src/openflow/ofctl/ofctl.js';
import { MemoryDatabase } from '#src/ovsdb/memory-database.js';
import { runVsctl } from '#src/ovsdb/vsctl/vsctl.js';
import { SeededRng } from '#src/sim/rng.js';
import { Scheduler } from '#src/sim/scheduler.js';
import { type DatapathSettings, Vswitchd } from '#src/vswitchd/vswitchd.js';

export interface SentFrame {
  readonly port: string;
  readonly hex: string;
}

/** Splits a command line as a shell does with single quotes. */
const words = (line: string): string[] =>
  [...line.matchAll(/'([^']*)'|(\S+)/g)].map((match) => match[1] ?? match[2] ?? '');

export class TestSwitch {
  readonly scheduler = new Scheduler();
  readonly vswitchd: Vswitchd;
  readonly sent: SentFrame[] = [];
  /** Datagrams to collectors: the collector's port, and what it got. */
  readonly exported: { readonly port: number; readonly datagram: Buffer }[] = [];
  private readonly database: MemoryDatabase;

  constructor(datapath: DatapathSettings = {}) {
    const rng = new SeededRng(1);
    this.database = new MemoryDatabase(rng);
    this.vswitchd = new Vswitchd({
      database: this.database,
      scheduler: this.scheduler,
      rng,
      netdevs: { open: (name) => ({ error: `could not open network device ${name} (No such device)` }) },
      underlay: null,
      exportHost: {
        connect: (_address, port) => ({
          send: (payload) => this.exported.push({ port, datagram: Buffer.from(payload) }) > 0,
          close: () => {},
        }),
        addressOf: () => null,
        sourceFor: () => null,
      },
      datapath,
    });
  }

  /** One bridge br0 on the dummy datapath with dummy ports p1..pN, each made by a transaction of its own. */
  static withPorts(count: number, datapath: DatapathSettings = {}): TestSwitch {
    const sw = new TestSwitch(datapath);
    sw.vsctl('add-br br0 -- set bridge br0 datapath-type=dummy fail-mode=secure');
    for (let i = 1; i <= count; i++) sw.addPort('br0', `p${i}`, i);
    return sw;
  }

  addPort(bridge: string, name: string, number: number, more = ''): void {
    this.vsctl(`add-port ${bridge} ${name} ${more} -- set Interface ${name} type=dummy ofport_request=${number}`);
    this.listen();
  }

  vsctl(line: string): string {
    const output = runVsctl(words(line), { database: this.database, reconfigured: () => {} });
    this.scheduler.runDue();
    return text(output);
  }

  async ofctl(line: string): Promise<string> {
    const output = await runOfctl(words(line), {
      connection: (name) => this.vswitchd.bridge(name),
      readFile: () => Promise.reject(new Error('no files here')),
      stdin: '',
    });
    this.scheduler.runDue();
    return text(output);
  }

  appctl(line: string): string {
    const [command, ...args] = words(line);
    const result = this.vswitchd.unixctl(command!, args);
    if (!result.ok) throw new Error(result.text);
    this.scheduler.runDue();
    return result.text;
  }

  /** A frame comes in by a dummy port; all that follows from it at this instant happens. */
  receive(port: string, frame: Uint8Array): void {
    this.vswitchd.configuration.dummyDevice(port)!.receive(frame);
    this.scheduler.runDue();
  }

  sleep(seconds: number): void {
    this.scheduler.runUntil(this.scheduler.nowNs() + seconds * 1e9);
  }

  /** The value of a line of ofproto/trace. */
  trace(bridge: string, flow: string, line: 'Datapath actions' | 'Megaflow' | 'Final flow'): string {
    const found = this.appctl(`ofproto/trace ${bridge} ${flow}`)
      .split('\n')
      .find((candidate) => candidate.startsWith(`${line}: `));
    return found!.slice(line.length + 2);
  }

  private readonly heard = new Set<string>();

  private listen(): void {
    for (const device of this.vswitchd.configuration.dummyDevices()) {
      if (this.heard.has(device.name)) continue;
      this.heard.add(device.name);
      const transmit = device.transmit.bind(device);
      device.transmit = (frame) => {
        this.sent.push({ port: device.name, hex: Buffer.from(frame).toString('hex') });
        transmit(frame);
      };
    }
  }
}

function text({ stdout, stderr, exitCode }: CommandOutput): string {
  if (exitCode !== 0) throw new Error(stderr);
  return stdout;
}
