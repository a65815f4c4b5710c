/**
 * ovs-ofctl monitor SWITCH [MISSLEN] [invalid_ttl] [watch:[…]]: prints what the switch says unasked. Mirrors
 * ofctl_monitor() and monitor_vconn() of utilities/ovs-ofctl.c.
 *
 * Deliberately different: without a time limit (timeout, or -t) it runs only in the background, for nothing would ever
 * end it; what `ofctl/send` takes is OpenFlow's wire, which Upcall does not have yet.
 */
import { UserError } from '../../report/user-error.js';
import type { AsyncMessage, ControllerConnection } from '../async-message.js';
import {
  formatAsyncMessage,
  formatFlowUpdates,
  formatResume,
  type MessageTextOptions,
} from '../async-message-format.js';
import { formatFlowMonitorRequest, parseFlowMonitorRequest } from '../flow-monitor.js';
import { parseLeadingDecimal } from '../number-text.js';
import { formatProtocols, type OpenFlowVersion, protocolsOfVersion } from '../protocol.js';
import { offering } from '../switch-connection.js';
import type { OfctlCommand } from './command.js';
import type { Daemon, DaemonOutput } from './daemon.js';
import { type Invocation, OfctlExit, type Vconn } from './invocation.js';
import { monitorCommands } from './monitor-commands.js';

/** Versions that can ask for packets whose TTL is used up. */
const INVALID_TTL_VERSIONS: readonly OpenFlowVersion[] = [10, 11, 12];
const MISS_LENGTH_MAX = 0xffff;

export const monitor: OfctlCommand = {
  name: 'monitor',
  usage: 'switch [misslen] [invalid_ttl] [watch:[...]]',
  minArgs: 1,
  maxArgs: 3,
  writes: false,
  run(invocation, [name = '', ...args]) {
    const vconn = openMonitor(invocation, name, args.includes('invalid_ttl'));
    const session = new MonitorSession(invocation, name, vconn);
    try {
      session.setUp(args);
      const run = invocation.environment.runDaemon;
      if (run === undefined) throw new UserError('monitor: there is no machine to run on');
      const end = run(invocation.options.daemon, (output) => session.start(output));
      if (end === null) return;
      invocation.stderr += end.stderr;
      throw new OfctlExit(end.exitCode);
    } catch (error) {
      session.controller.close();
      throw error;
    }
  },
};

function openMonitor(invocation: Invocation, name: string, wantsInvalidTtl: boolean): Vconn {
  if (!wantsInvalidTtl) return invocation.open(name);
  const { allowed } = invocation.options;
  const usable = INVALID_TTL_VERSIONS.reduce((set, version) => set | protocolsOfVersion(version), 0);
  if ((allowed & usable) === 0) {
    const names = INVALID_TTL_VERSIONS.map((version) => `OpenFlow${version}`).join(', ');
    throw new UserError(`invalid_ttl requires one of the OpenFlow versions ${names} but none is enabled (use -O)`);
  }
  return invocation.open(name, usable);
}

/** A connection that listens, from its first request on. */
export class MonitorSession {
  readonly invocation: Invocation;
  readonly name: string;
  readonly vconn: Vconn;
  readonly controller: ControllerConnection;
  private resumes = false;
  private isBlocked = false;
  private output: DaemonOutput | null = null;
  /** What came before there was a place to write to, or while reading was blocked. */
  private unread: AsyncMessage[] = [];

  constructor(invocation: Invocation, name: string, vconn: Vconn) {
    this.invocation = invocation;
    this.name = name;
    this.vconn = vconn;
    this.controller = offering(vconn.connection, 'connect').connect({
      version: vconn.version,
      isService: true,
      receive: (message) => this.receive(message),
    });
  }

  get textOptions(): MessageTextOptions {
    const { verbosity, packetInFormat } = this.invocation.options;
    return {
      version: this.vconn.version,
      ports: this.vconn.connection.ports,
      names: this.invocation.showsNames,
      packetInFormat: packetInFormat ?? 'nxt_packet_in2',
      verbosity,
    };
  }

  /** Makes the requests that the arguments of the command ask for. */
  setUp(args: readonly string[]): void {
    let nextMonitorId = 0;
    for (const arg of args) {
      if (/^\d/.test(arg)) this.setMissLength(parseLeadingDecimal(arg) & MISS_LENGTH_MAX);
      else if (arg === 'invalid_ttl') this.sendInvalidTtl();
      else if (arg.startsWith('watch:')) this.watch(arg.slice('watch:'.length), nextMonitorId++);
      else if (arg === 'resume') this.resumePackets();
      else throw new UserError(`${arg}: unsupported "monitor" argument`);
    }
    // The format in which packets are to come.
    this.invocation.sendQuietly();
  }

  private setMissLength(length: number): void {
    this.askConfig();
    this.invocation.sendQuietly();
    this.controller.missSendLength = length;
  }

  private sendInvalidTtl(): void {
    this.askConfig();
    this.invocation.sendQuietly();
    this.controller.invalidTtlToController = true;
    this.askConfig();
  }

  private resumePackets(): void {
    this.resumes = true;
    this.setMissLength(MISS_LENGTH_MAX);
  }

  private askConfig(): void {
    this.invocation.nextXid();
  }

  private watch(text: string, id: number): void {
    const { invocation, controller } = this;
    const { version } = this.vconn;
    const { request: parsed, protocols } = parseFlowMonitorRequest(text, id, invocation.namesToAccept(this.name));
    // Before 1.4 a request has no room for a group.
    const request = version < 14 ? { ...parsed, outGroup: null } : parsed;
    const { allowed } = invocation.options;
    if ((protocols & allowed) === 0) {
      throw new UserError(
        `none of the usable flow formats (${formatProtocols(protocols)}) is among the allowed flow formats ` +
          `(${formatProtocols(allowed)})`,
      );
    }
    const xid = invocation.nextXid();
    const kind = version < 13 ? 'NXST' : version === 13 ? 'ONFST' : 'OFPST';
    const head = invocation.header(`${kind}_FLOW_MONITOR request`, version, xid);
    const requestText = (names: boolean): string =>
      `${head}${formatFlowMonitorRequest(request, { ports: this.vconn.connection.ports, names })}\n`;
    if (this.textOptions.verbosity > 0) invocation.print(requestText(false));
    invocation.answer(version, xid, requestText(invocation.showsNames), () =>
      formatFlowUpdates(controller.monitor(request), xid, this.textOptions),
    );
  }

  /** The process begins: what comes from now on goes to its output. */
  start(output: DaemonOutput): Daemon {
    this.output = output;
    this.catchUp();
    return { close: () => this.controller.close(), commands: monitorCommands(this) };
  }

  print(text: string): void {
    this.output?.write(text);
  }

  redirect(path: string): string | null {
    return this.output?.redirect(path) ?? null;
  }

  /** False where it is so already. */
  block(isBlocked: boolean): boolean {
    if (this.isBlocked === isBlocked) return false;
    this.isBlocked = isBlocked;
    this.catchUp();
    return true;
  }

  get canRead(): boolean {
    return !this.isBlocked;
  }

  /** What has been read is preceded by the time, if so asked. */
  printReceived(text: string): void {
    if (text === '') return;
    if (this.invocation.showsNames) this.invocation.namesBySocket(this.name);
    const { timestamp } = this.invocation.options;
    const time = new Date(this.invocation.environment.nowMs?.() ?? 0).toISOString().replace('T', ' ').replace('Z', '');
    this.print(timestamp ? `${time}: ${text}` : text);
  }

  private receive(message: AsyncMessage): void {
    this.unread.push(message);
    this.catchUp();
  }

  private catchUp(): void {
    while (this.output !== null && !this.isBlocked) {
      const message = this.unread.shift();
      if (message === undefined) return;
      this.printReceived(formatAsyncMessage(message, this.textOptions));
      if (this.resumes && message.kind === 'packet-in' && message.continuation !== null) {
        const options = this.textOptions;
        this.print(`send: ${formatResume(message, options, 0)}`);
        this.controller.resume(message);
      }
    }
  }
}
