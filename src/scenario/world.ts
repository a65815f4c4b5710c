/**
 * The machines, VMs and cables of a scenario, running: one virtual clock, one seed, and all that happens to frames on
 * record.
 *
 * Made in the order in which a person would make it: machines and their cards, cables, VMs with their taps, then the
 * machines' scripts, then the VMs' ports, then the VMs' scripts. Invariant: the same scenario and seed make the same
 * world, down to each byte and nanosecond.
 */
import type { Dpif } from '#datapath/dpif.js';
import type { DropReason } from '#datapath/drop-reason.js';
import { attachGuest, plugTogether } from '../linux/cable.js';
import type { NetDevice } from '../linux/device/net-device.js';
import { formatMac, type IpAddress, isLoopbackAddress, parseAddress, parsePrefix } from '../linux/ip/address.js';
import { Machine } from '../linux/machine.js';
import { formatPlace } from '../linux/observe.js';
import { Shell } from '../linux/shell/shell.js';
import type { CommandOutput } from '../report/command-output.js';
import type { LinkSettings } from '../sim/link.js';
import { SeededRng } from '../sim/rng.js';
import { Scheduler } from '../sim/scheduler.js';
import type { LinkModel, Scenario, VmModel } from './model.js';
import { type Check, failed } from './step/step-kind.js';
import { Witness } from './witness.js';

/** Frames that died in one place for one reason. */
export interface DropTally {
  readonly host: string;
  readonly device: string | null;
  readonly where: string;
  readonly reason: DropReason;
  readonly count: number;
}

/** A guest and where it is. */
export interface GuestPlace {
  readonly machine: string;
  readonly tap: string;
}

export class World {
  readonly scenario: Scenario;
  readonly scheduler = new Scheduler();
  readonly rng: SeededRng;
  readonly witness = new Witness();
  /** Machines first, then VMs, in the order of the file. */
  readonly hosts = new Map<string, Machine>();
  readonly guests = new Map<string, GuestPlace>();
  private readonly shells = new Map<string, Shell>();
  private readonly observed = new WeakSet<Dpif>();
  private knownDrops: ReadonlyMap<string, number> = new Map();

  constructor(scenario: Scenario, seed: number) {
    this.scenario = scenario;
    this.rng = new SeededRng(seed);
    for (const [name, model] of scenario.machines) {
      const machine = this.addHost(name);
      for (const [card, settings] of Object.entries(model.nics ?? {})) {
        const nic = machine.addNic(card, {
          ...(settings.mac === undefined ? {} : { mac: settings.mac }),
          ...(settings.mtu === undefined ? {} : { mtu: settings.mtu }),
        });
        for (const address of settings.address ?? []) machine.root.stack.addAddress(nic, parsePrefix(address)!);
        if (settings.up !== false) nic.setUp(true);
      }
    }
    for (const link of scenario.links) this.addLink(link);
    for (const [name, vm] of scenario.vms) this.addGuest(name, vm);
  }

  /** Runs the scripts and gives the VMs their ports. What went wrong, or null. */
  async setUp(): Promise<Check | null> {
    for (const [name, { script }] of this.scenario.machines) {
      const problem = script === undefined ? null : await this.runSetup(name, script, `the script of ${name}`);
      if (problem !== null) return problem;
    }
    for (const [name, vm] of this.scenario.vms) {
      const problem = await this.attachPort(name, vm);
      if (problem !== null) return problem;
    }
    for (const [name, { script }] of this.scenario.vms) {
      const problem = script === undefined ? null : await this.runSetup(name, script, `the script of ${name}`);
      if (problem !== null) return problem;
    }
    return null;
  }

  /** A host by name; the schema has checked the names of a file. */
  host(name: string): Machine {
    const host = this.hosts.get(name);
    if (host === undefined) throw new Error(`no host ${name}`);
    return host;
  }

  /** Where a host's frames meet a switch: a VM's machine, or the machine itself. */
  machineOf(name: string): Machine {
    return this.host(this.guests.get(name)?.machine ?? name);
  }

  /** Runs a script in the shell of a host, and sees to it that new datapaths are watched. */
  async run(host: string, script: string, options: { readonly errexit: boolean }): Promise<CommandOutput> {
    let shell = this.shells.get(host);
    if (shell === undefined) {
      const { folder } = this.scenario;
      shell = new Shell(this.host(host), folder === null ? {} : { mount: folder, readOnly: true });
      this.shells.set(host, shell);
    }
    const output = await shell.run(script, options);
    this.watchDatapaths();
    return output;
  }

  /** A device by `host:device`. */
  device(place: string): NetDevice | undefined {
    const [host = '', name = ''] = place.split(':');
    return this.host(host).device(name);
  }

  /** The address of a host or the address itself; null where the host has none. */
  addressOf(target: string): IpAddress | null {
    const host = this.hosts.get(target);
    if (host === undefined) return parseAddress(target);
    const usable = host.root.stack
      .allAddresses()
      .filter(({ scope, prefix }) => scope === 'global' && !isLoopbackAddress(prefix.address));
    const first = usable.find(({ prefix }) => prefix.address.length === 4) ?? usable[0];
    return first?.prefix.address ?? null;
  }

  /** The host that has an address, or null. */
  hostOf(address: IpAddress): string | null {
    for (const [name, machine] of this.hosts) if (machine.root.stack.isLocal(address)) return name;
    return null;
  }

  /** All drops so far: on hosts, and in datapaths at the port that the frame came in by. */
  drops(): readonly DropTally[] {
    const all: DropTally[] = [];
    for (const [host, machine] of this.hosts) {
      for (const { place, reason, count } of machine.observer.drops()) {
        all.push({ host, device: place.device, where: formatPlace(place), reason, count });
      }
      if (!machine.hasSwitch) continue;
      for (const [name, dpif] of machine.vswitchd.datapaths()) {
        for (const port of dpif.portDump()) {
          const where = `${host}:${port.name} (in ${name})`;
          for (const [reason, count] of port.drops) all.push({ host, device: port.name, where, reason, count });
        }
      }
    }
    return all;
  }

  /** From here on drops are new. */
  rememberDrops(): void {
    this.knownDrops = new Map(this.drops().map(({ where, reason, count }) => [`${where} ${reason}`, count]));
  }

  /** Drops in datapaths since rememberDrops(): where, why, how many. Those of hosts are on record one by one. */
  newDrops(): readonly (readonly [where: string, reason: DropReason, count: number])[] {
    return this.drops().flatMap(({ where, reason, count }) => {
      const added = count - (this.knownDrops.get(`${where} ${reason}`) ?? 0);
      return added > 0 && where.endsWith(')') ? [[where, reason, added] as const] : [];
    });
  }

  private addHost(name: string): Machine {
    const machine = new Machine({ name, scheduler: this.scheduler, rng: this.rng });
    this.witness.watch(machine.observer);
    this.hosts.set(name, machine);
    return machine;
  }

  private addLink({ between, latency, bandwidth, loss, queue }: LinkModel): void {
    const [a, b] = between.map((place) => this.device(place)!) as [NetDevice, NetDevice];
    const settings: Partial<LinkSettings> = {
      ...(latency === undefined ? {} : { latencyNs: latency }),
      ...(bandwidth === undefined ? {} : { bandwidthBps: bandwidth }),
      ...(loss === undefined ? {} : { lossRate: loss }),
      ...(queue === undefined ? {} : { queueFrames: queue }),
    };
    plugTogether(
      between.join(' - '),
      this,
      a as Parameters<typeof plugTogether>[2],
      b as Parameters<typeof plugTogether>[3],
      settings,
    );
  }

  private addGuest(name: string, vm: VmModel): void {
    const guest = this.addHost(name);
    const tap = vm.tap ?? name;
    const { nic } = attachGuest(this.host(vm.on), guest, {
      tap,
      ...(vm.mac === undefined ? {} : { mac: vm.mac }),
      ...(vm.mtu === undefined ? {} : { mtu: vm.mtu }),
    });
    this.guests.set(name, { machine: vm.on, tap });
    const { stack } = guest.root;
    for (const address of vm.address ?? []) stack.addAddress(nic, parsePrefix(address)!);
    nic.setUp(true);
    if (vm.gateway !== undefined) {
      const gateway = parseAddress(vm.gateway)!;
      stack.routes.add({
        destination: { address: new Uint8Array(gateway.length), length: 0 },
        gateway,
        device: nic,
        source: null,
        scope: 'global',
        protocol: 'boot',
        metric: gateway.length === 4 ? 0 : 1024,
      });
    }
  }

  /** Makes the VM's tap a port of its bridge, in the words that libvirt uses. */
  private async attachPort(name: string, { on, bridge, tap = name, tag }: VmModel): Promise<Check | null> {
    if (bridge === undefined) return null;
    const mac = formatMac(this.host(name).device('eth0')!.mac);
    const script =
      `ovs-vsctl --timeout=5 -- --may-exist add-port ${bridge} ${tap}${tag === undefined ? '' : ` tag=${tag}`}` +
      ` -- set Interface ${tap} 'external-ids:attached-mac="${mac}"' external-ids:iface-status=active`;
    return this.runSetup(on, script, `the port of ${name} on ${bridge}`);
  }

  private async runSetup(host: string, script: string, what: string): Promise<Check | null> {
    const { exitCode, stdout, stderr } = await this.run(host, script, { errexit: true });
    if (exitCode === 0) return null;
    const output = `${stdout}${stderr}`.trimEnd();
    return failed(`${what} failed with exit code ${exitCode}`, output === '' ? [] : output.split('\n'));
  }

  /** Has new datapaths tell of frames that die in them, and of those that leave by ports that are no device. */
  private watchDatapaths(): void {
    for (const [name, machine] of this.hosts) {
      if (!machine.hasSwitch) continue;
      for (const dpif of machine.vswitchd.datapaths().values()) {
        if (this.observed.has(dpif) || dpif.observe === undefined) continue;
        this.observed.add(dpif);
        this.observe(name, dpif);
      }
    }
  }

  private observe(host: string, dpif: Dpif): void {
    const place = (port: number) => ({ host, namespace: '', device: dpif.portGet(port)?.name ?? null });
    const atNs = (): number => this.scheduler.nowNs();
    dpif.observe!({
      transmitted: (port, frame) => {
        if (dpif.portGet(port)?.type !== 'vxlan') return;
        this.witness.record({ atNs: atNs(), place: place(port), kind: 'transmit', reason: null, detail: null, frame });
      },
      dropped: (reason, inPort, frame) => {
        this.witness.record({
          atNs: atNs(),
          place: place(inPort),
          kind: 'drop',
          reason,
          detail: `in ${dpif.name}`,
          frame,
        });
      },
    });
  }
}
