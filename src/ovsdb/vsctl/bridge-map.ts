/**
 * Bridges, ports and interfaces by name, as commands speak of them: a port that is a "fake bridge" counts as a bridge
 * on a VLAN of its parent, and ports with its tag as its ports. Mirrors the cache of utilities/ovs-vsctl.c.
 */
import { UserError } from '#src/report/user-error.js';
import { compareAtoms } from '../atom.js';
import type { Draft, DraftRow } from './draft.js';
import type { ConsoleLog } from './log.js';

export interface BridgeEntry {
  readonly name: string;
  /** The Bridge row; a fake bridge has its parent's. */
  readonly row: DraftRow;
  readonly parent: BridgeEntry | undefined;
  readonly vlan: number;
  readonly ports: PortEntry[];
  /** Fake bridges by VLAN. */
  readonly children: Map<number, BridgeEntry>;
}

export interface PortEntry {
  readonly name: string;
  readonly row: DraftRow;
  readonly bridge: BridgeEntry;
  readonly interfaces: InterfaceEntry[];
}

export interface InterfaceEntry {
  readonly name: string;
  readonly row: DraftRow;
  readonly port: PortEntry;
}

export const sortNames = (names: readonly string[]): readonly string[] => [...names].sort(compareAtoms);

const tagOf = (port: DraftRow): number | undefined => port.atom('tag') as number | undefined;
const isFakeBridge = (port: DraftRow): boolean => port.atom('fake_bridge') === true && tagOf(port) !== undefined;

export class BridgeMap {
  readonly bridges = new Map<string, BridgeEntry>();
  readonly ports = new Map<string, PortEntry>();
  readonly interfaces = new Map<string, InterfaceEntry>();
  private readonly log: ConsoleLog;

  constructor(draft: Draft, log: ConsoleLog) {
    this.log = log;
    const rows = draft.root().refs('bridges');
    for (const row of rows) this.addBridge(row);
    for (const row of rows) {
      const bridge = this.bridges.get(row.text('name'))!;
      for (const port of row.refs('ports')) this.addPort(bridge, port);
    }
  }

  findBridge(name: string): BridgeEntry | undefined {
    return this.bridges.get(name);
  }

  getBridge(name: string): BridgeEntry {
    const bridge = this.bridges.get(name);
    if (bridge === undefined) throw new UserError(`no bridge named ${name}`);
    return bridge;
  }

  getRealBridge(name: string): BridgeEntry {
    const bridge = this.getBridge(name);
    if (bridge.parent !== undefined) throw new UserError(`${name} is a fake bridge`);
    return bridge;
  }

  /** A bridge's local port does not count. */
  findPort(name: string): PortEntry | undefined {
    const port = this.ports.get(name);
    return port === undefined || port.bridge.name === name ? undefined : port;
  }

  getPort(name: string): PortEntry {
    const port = this.findPort(name);
    if (port === undefined) throw new UserError(`no port named ${name}`);
    return port;
  }

  findInterface(name: string): InterfaceEntry | undefined {
    const found = this.interfaces.get(name);
    return found === undefined || found.port.bridge.name === name ? undefined : found;
  }

  getInterface(name: string): InterfaceEntry {
    const found = this.findInterface(name);
    if (found === undefined) throw new UserError(`no interface named ${name}`);
    return found;
  }

  /** Throws, beginning with `message`, when the name is taken. */
  checkConflicts(name: string, message: string): void {
    if (this.bridges.has(name)) throw new UserError(`${message} because a bridge named ${name} already exists`);
    const port = this.ports.get(name);
    if (port !== undefined) {
      throw new UserError(`${message} because a port named ${name} already exists on bridge ${port.bridge.name}`);
    }
    const found = this.interfaces.get(name);
    if (found !== undefined) {
      const bridge = found.port.bridge.name;
      throw new UserError(`${message} because an interface named ${name} already exists on bridge ${bridge}`);
    }
  }

  private addBridge(row: DraftRow): void {
    const name = row.text('name');
    const bridge: BridgeEntry = { name, row, parent: undefined, vlan: 0, ports: [], children: new Map() };
    this.bridges.set(name, bridge);
    for (const port of row.refs('ports')) {
      const childName = port.text('name');
      if (!isFakeBridge(port) || this.bridges.has(childName)) continue;
      const vlan = tagOf(port)!;
      const child: BridgeEntry = { name: childName, row, parent: bridge, vlan, ports: [], children: new Map() };
      const other = bridge.children.get(vlan);
      if (other !== undefined) {
        this.warn(
          `${name}: bridge has multiple VLAN bridges (${childName} and ${other.name}) for VLAN ${vlan}, ` +
            'but only one is allowed',
        );
      } else {
        bridge.children.set(vlan, child);
      }
      this.bridges.set(childName, child);
    }
  }

  private addPort(realBridge: BridgeEntry, row: DraftRow): void {
    const name = row.text('name');
    const known = this.ports.get(name);
    if (known !== undefined) {
      this.warn(`${name}: port is in multiple bridges (${realBridge.name} and ${known.bridge.name})`);
      return;
    }
    const tag = tagOf(row);
    const bridge = (tag === undefined ? undefined : realBridge.children.get(tag)) ?? realBridge;
    const port: PortEntry = { name, row, bridge, interfaces: [] };
    bridge.ports.push(port);
    this.ports.set(name, port);
    for (const interfaceRow of row.refs('interfaces')) {
      const interfaceName = interfaceRow.text('name');
      const other = this.interfaces.get(interfaceName);
      if (other !== undefined) {
        this.warn(`${interfaceName}: interface is in multiple ports (${other.port.name} and ${name})`);
        continue;
      }
      const entry: InterfaceEntry = { name: interfaceName, row: interfaceRow, port };
      port.interfaces.push(entry);
      this.interfaces.set(interfaceName, entry);
    }
  }

  private warn(message: string): void {
    this.log.warn('vsctl', message);
  }
}
