/**
 * One run of ovs-ofctl: its options, what it prints, and its connections to switches.
 *
 * Mirrors open_vconn(), open_vconn_for_flow_mod(), set_protocol_for_flow_dump() and dump_transaction() of
 * utilities/ovs-ofctl.c. Messages are calls here, but they are numbered as ovs-ofctl numbers them, since headers print
 * the number (xid): a connection costs one for its greeting, a request that is answered only by errors one for the
 * barrier after it.
 */
import { UserError } from '../../report/user-error.js';
import type { FlowMod } from '../flow-mod.js';
import { formatFlowMod } from '../flow-mod-format.js';
import { checkReceivedFlowMod, flowModInVersion, shownFlowMod } from '../flow-version.js';
import { messageHead } from '../message-head.js';
import { NO_PORT_NAMES, type PortNames } from '../ports.js';
import {
  formatProtocols,
  type OpenFlowVersion,
  P_ANY,
  P_OF10_NXM,
  P_OF10_NXM_ANY,
  P_OF10_STD,
  P_OF10_STD_ANY,
  P_TID,
  type Protocols,
  protocolsOfVersion,
  versionOfProtocol,
} from '../protocol.js';
import { OpenFlowError, type SwitchConnection } from '../switch-connection.js';
import type { RunDaemon } from './daemon.js';
import type { OfctlOptions } from './options.js';

export interface OfctlEnvironment {
  connection(name: string): SwitchConnection | undefined;
  readFile(path: string): Promise<Uint8Array>;
  readonly stdin: string;
  /** The time that log lines bear, in milliseconds since 1970. */
  readonly nowMs?: () => number;
  /** Absent where nothing can go on after the command. */
  readonly runDaemon?: RunDaemon;
}

const VERSIONS: readonly OpenFlowVersion[] = [10, 11, 12, 13, 14, 15];
const RUN_DIRECTORY = '/var/run/openvswitch';

/** `version 0x01`, `versions 0x04, 0x05`: by their numbers on the wire. */
function versionsText(versions: readonly OpenFlowVersion[]): string {
  const numbers = versions.map((version) => `0x0${version - 9}`).join(', ');
  return `version${versions.length === 1 ? '' : 's'} ${numbers}`;
}

/** OpenFlow 1.0 has no number for the errors of instructions and a few others (lib/ofp-errors.c). */
function isKnown(code: string, version: OpenFlowVersion): boolean {
  if (code === 'OFPTMFC_EPERM') return version >= 14;
  if (version > 10) return true;
  return !/^(OFPBIC_|OFPBAC_UNSUPPORTED_ORDER$|OFPBAC_BAD_TAG$|OFPFMFC_BAD_TABLE_ID$)/.test(code);
}

/** Ends the run with exit code 1 after its errors have been printed. */
export class OfctlExit extends Error {
  readonly exitCode: number;

  constructor(exitCode: number) {
    super(`exit ${exitCode}`);
    this.name = 'OfctlExit';
    this.exitCode = exitCode;
  }
}

export interface Vconn {
  readonly connection: SwitchConnection;
  readonly version: OpenFlowVersion;
}

export class Invocation {
  readonly options: OfctlOptions;
  readonly environment: OfctlEnvironment;
  stdout = '';
  stderr = '';
  private lastXid = 0;
  private logCount = 0;
  private readonly mapped = new Set<string>();

  constructor(options: OfctlOptions, environment: OfctlEnvironment) {
    this.options = options;
    this.environment = environment;
  }

  print(text: string): void {
    this.stdout += text;
  }

  /** The number of the next message. */
  nextXid(): number {
    return ++this.lastXid;
  }

  /** `NXST_FLOW reply (OF1.3) (xid=0x2):`, the beginning of every printed message. */
  header(name: string, version: OpenFlowVersion, xid: number): string {
    return messageHead(name, version, xid);
  }

  open(name: string, usable: Protocols = P_ANY): Vconn {
    const connection = this.environment.connection(name);
    if (connection === undefined) throw new UserError(`${name} is not a bridge or a socket`);
    const version = this.negotiate(name, connection, usable);
    this.nextXid();
    return { connection, version };
  }

  /** What the tool says of a fault that does not end it at once. */
  printError(text: string): void {
    this.stderr += `ovs-ofctl: ${text}\n`;
  }

  /** A line of the log as it stands on the terminal. */
  log(module: string, text: string, level: 'INFO' | 'WARN' | 'ERR' = 'WARN'): void {
    const time = new Date(this.environment.nowMs?.() ?? 0).toISOString().replace(/\.\d+Z$/, 'Z');
    this.stderr += `${time}|${String(++this.logCount).padStart(5, '0')}|${module}|${level}|${text}\n`;
  }

  /** The latest version that both sides speak (OpenFlow 1.3.1 §6.3.1). */
  private negotiate(name: string, connection: SwitchConnection, usable: Protocols = P_ANY): OpenFlowVersion {
    const theirs = VERSIONS.filter((version) => !connection.versions?.length || connection.versions.includes(version));
    const ours = VERSIONS.filter((version) => (protocolsOfVersion(version) & this.options.allowed & usable) !== 0);
    const common = ours.filter((version) => theirs.includes(version)).at(-1);
    if (common !== undefined) return common;
    this.log(
      'vconn',
      `${this.socketOf(name)}: version negotiation failed ` +
        `(we support ${versionsText(ours)}, peer supports ${versionsText(theirs)})`,
    );
    throw new UserError(`${name}: failed to connect to socket (Broken pipe)`);
  }

  /** The socket that the tool would speak to the bridge by. */
  socketOf(name: string): string {
    return `unix:${RUN_DIRECTORY}/${name}.mgmt`;
  }

  /** Names of ports that flows may use; asking the switch for them costs a connection and a request. */
  portsToAccept(name: string): PortNames {
    return this.options.names === false ? NO_PORT_NAMES : this.portMap(name);
  }

  /** Of ports and of tables, as the commands that take flows ask for both. */
  namesToAccept(name: string): PortNames {
    const ports = this.portsToAccept(name);
    if (this.options.names !== false) this.askOnce(`tables ${name}`, name);
    return ports;
  }

  /** As namesToAccept() and portsToShow() for one that knows the switch by its socket: they ask anew. */
  namesBySocket(name: string): PortNames {
    if (this.options.names === false) return NO_PORT_NAMES;
    this.askOnce(`tables unix:${name}`, name);
    return this.askOnce(`ports unix:${name}`, name);
  }

  /** Names of tables only. */
  tablesToAccept(name: string): PortNames {
    return this.options.names === false ? NO_PORT_NAMES : this.askOnce(`tables ${name}`, name);
  }

  /** Prints what a switch answers to a request: its reply, or its refusal with the request. */
  answer(version: OpenFlowVersion, xid: number, request: string, body: () => string): void {
    let text: string;
    try {
      text = body();
    } catch (error) {
      if (!(error instanceof OpenFlowError)) throw error;
      text = `${this.header('OFPT_ERROR', version, xid)} ${error.code}\n${request}`;
    }
    this.print(text.endsWith('\n') ? text : `${text}\n`);
  }

  /** Names that output shows. */
  get showsNames(): boolean {
    return this.options.names === true;
  }

  portsToShow(name: string): PortNames {
    return this.showsNames ? this.portMap(name) : NO_PORT_NAMES;
  }

  private portMap(name: string): PortNames {
    return this.askOnce(`ports ${name}`, name);
  }

  private askOnce(what: string, name: string): PortNames {
    const connection = this.environment.connection(name);
    if (connection === undefined) throw new UserError(`${name} is not a bridge or a socket`);
    if (!this.mapped.has(what)) {
      this.negotiate(name, connection);
      this.mapped.add(what);
      this.nextXid();
      this.nextXid();
    }
    return connection.ports;
  }

  /** Fails unless some usable protocol is allowed. */
  requireProtocol(usable: Protocols): void {
    if ((usable & this.options.allowed) !== 0) return;
    throw new UserError(
      `none of the usable flow formats (${formatProtocols(usable)}) is among the allowed flow formats ` +
        `(${formatProtocols(this.options.allowed)})`,
    );
  }

  /** Connects and agrees on a protocol for flow changes: the connection's own, else the first that is usable. */
  openForFlowMod(name: string, usable: Protocols): Vconn & { readonly protocol: Protocols } {
    this.requireProtocol(usable);
    const vconn = this.open(name);
    const candidates = protocolsOfVersion(vconn.version) & usable & this.options.allowed;
    if (candidates === 0) {
      throw new UserError(`switch does not support any of the usable flow formats (${formatProtocols(usable)})`);
    }
    const protocol = candidates & -candidates;
    this.setProtocol(protocol);
    return { ...vconn, protocol };
  }

  /** Connects and agrees on a protocol for statistics: the latest that is usable, of OpenFlow 1.0's NXM first. */
  openForDump(name: string, usable: Protocols): Vconn & { readonly protocol: Protocols } {
    const vconn = this.open(name);
    const wanted = usable & this.options.allowed & protocolsOfVersion(vconn.version);
    const protocol = vconn.version > 10 ? wanted : wanted & P_OF10_NXM || wanted & P_OF10_STD;
    if (protocol === 0) {
      this.requireProtocol(usable);
      throw new UserError(`switch does not support any of the usable flow formats (${formatProtocols(usable)})`);
    }
    this.setProtocol(protocol);
    return { ...vconn, protocol };
  }

  /** A connection begins with OpenFlow 1.0's own match and without table numbers. */
  private setProtocol(protocol: Protocols): void {
    const isOpenFlow10 = (protocol & (P_OF10_STD_ANY | P_OF10_NXM_ANY)) !== 0;
    if ((protocol & P_OF10_NXM_ANY) !== 0) this.sendQuietly();
    if (isOpenFlow10 && (protocol & P_TID) !== 0) this.sendQuietly();
  }

  /** A request that is answered only when it fails, and the barrier after it; returns the request's number. */
  sendQuietly(): number {
    const xid = this.nextXid();
    this.nextXid();
    return xid;
  }

  /** Changes flows one by one; the first that the switch refuses ends the run. */
  sendFlowMods(name: string, mods: readonly FlowMod[], usable: Protocols): void {
    const { connection, version, protocol } = this.openForFlowMod(name, usable);
    const messageName = (protocol & P_OF10_NXM_ANY) !== 0 ? 'NXT_FLOW_MOD' : 'OFPT_FLOW_MOD';
    for (const mod of mods) {
      const received = flowModInVersion(mod, versionOfProtocol(protocol), protocol);
      const xid = this.sendQuietly();
      const head = this.header(messageName, version, xid);
      this.refusable(version, xid, `${head} ***decode error***`, () => {
        checkReceivedFlowMod(received, version, connection.features().tableCount);
      });
      const shown = shownFlowMod(mod, received, protocol);
      const options = { ports: connection.ports, names: this.showsNames };
      this.refusable(version, xid, `${head} ${formatFlowMod(shown, version, options)}`, () => {
        connection.flowMods([received]);
      });
    }
  }

  /** Runs what a switch may refuse; prints the refusal as ovs-ofctl prints OFPT_ERROR, with the message refused. */
  refusable(version: OpenFlowVersion, xid: number, message: string, body: () => void): void {
    try {
      body();
    } catch (error) {
      if (!(error instanceof OpenFlowError)) throw error;
      const text = message.replace('***decode error***', `***decode error: ${error.code}***`);
      const code = isKnown(error.code, version) ? error.code : 'NXBRC_UNENCODABLE_ERROR';
      this.stderr += `${this.header('OFPT_ERROR', version, xid)} ${code}\n${text}\n`;
      throw new OfctlExit(1);
    }
  }
}
