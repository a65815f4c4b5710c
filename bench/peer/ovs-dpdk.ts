/**
 * OVS-DPDK on a workload's own frames, rules and ports: frames come from a pcap file by DPDK's net_pcap (preloaded, over
 * and over) and end at net_null. What is read is its own account of cycles per packet, times the share of the time that
 * its thread had its core (schedstat): cycles that others had are taken out, as `stopwatch.ts` does with ours.
 *
 * Of a workload with a microflow cache OVS's three ways are tried, its exact match cache as it comes, none, and its
 * signature match cache, and the quickest counts. Its figure contains its packet source and sink, which our workloads
 * have not: a profile (cpu-clock, 2026-11) found 32 to 36% of its samples in net_pcap and 4 to 8% in net_null.
 */
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { BenchBridge } from '../bench-switch.js';
import { pcapOf } from '../pcap-of-frames.js';
import { quantile } from '../statistics.js';
import type { PeerWork } from '../workload/workload.js';
import { OvsInstance } from './ovs-instance.js';
import type { Peer, PeerMeasurement } from './peer.js';

const SOURCE_AND_SINK_SHARE = 0.4;
/** What net_pcap preloads lies in packet buffers, of which there are 262,144. */
const MAX_PRELOADED = 200_000;
/** Packets of a file that is played once instead: some seconds of them. */
const PLAYED_PACKETS = 6_000_000;
const WARM_UP_MS = 1500;
/** Longer for what takes long to install. */
const LONG_WARM_UP_MS = 4000;
const WINDOWS = 7;
const WINDOW_MS = 400;
/** Short enough that no frame comes twice within a window in which each must miss. */
const MISS_WINDOW_MS = 200;
const LEAST_MISSES_PERCENT = 95;

/** How OVS caches microflows. */
const CACHE_MODES = {
  emc: { 'emc-insert-inv-prob': '100', 'smc-enable': 'false' },
  off: { 'emc-insert-inv-prob': '0', 'smc-enable': 'false' },
  smc: { 'emc-insert-inv-prob': '0', 'smc-enable': 'true' },
} as const;
type CacheMode = keyof typeof CACHE_MODES;

interface Window {
  readonly ns: number;
  readonly onCpuNs: number;
  readonly counts: Readonly<Record<string, number>>;
}

export async function openOvsDpdk(): Promise<Peer> {
  return new OvsDpdk(OvsInstance.start());
}

class OvsDpdk implements Peer {
  readonly name = 'ovs-dpdk';
  private readonly ovs: OvsInstance;
  private deviceCount = 0;

  constructor(ovs: OvsInstance) {
    this.ovs = ovs;
  }

  async measure(work: PeerWork): Promise<PeerMeasurement | null> {
    const preloads = work.frames.count <= MAX_PRELOADED;
    const file = join(this.ovs.folder, 'frames.pcap');
    writeFileSync(file, pcapOf(work.frames, preloads ? 1 : Math.ceil(PLAYED_PACKETS / work.frames.count)));
    const modes: readonly CacheMode[] =
      work.misses !== undefined || work.plan.microflowCache === false ? ['off'] : ['emc', 'off', 'smc'];
    let best: PeerMeasurement | null = null;
    try {
      for (const mode of modes) {
        const measured = await this.measureWith(work, mode, file, preloads);
        if (best === null || measured.onCpuNs < best.onCpuNs) best = measured;
      }
    } finally {
      this.removeBridges();
      rmSync(file, { force: true });
    }
    return best;
  }

  async stop(): Promise<void> {
    this.ovs.stop();
  }

  private async measureWith(
    work: PeerWork,
    mode: CacheMode,
    file: string,
    preloads: boolean,
  ): Promise<PeerMeasurement> {
    this.setUp(work, mode, file, preloads);
    const isLarge = work.frames.count > 50_000 || (work.masks ?? 0) > 100 || work.misses !== undefined;
    // A file is played once: it must last for the windows.
    await sleep(isLarge && preloads ? LONG_WARM_UP_MS : WARM_UP_MS);
    const windows: Window[] = [];
    for (let i = 0; i < WINDOWS; i++) {
      const window = await this.window(work);
      if (window !== null) windows.push(window);
    }
    if (windows.length === 0) {
      const wanted = work.misses === undefined ? '' : ' that all missed';
      throw new Error(`OVS-DPDK received no packets${wanted} (its caches: ${mode})`);
    }
    const counts = { ...windows[windows.length >> 1]!.counts, windows: windows.length };
    const median = (values: readonly number[]): number =>
      quantile(
        [...values].sort((a, b) => a - b),
        0.5,
      );
    const onCpu = windows.map(({ onCpuNs }) => onCpuNs);
    return {
      peer: 'ovs-dpdk',
      variant: { emc: 'exact match cache', off: 'no cache', smc: 'signature match cache' }[mode],
      ns: median(windows.map(({ ns }) => ns)),
      onCpuNs: median(onCpu),
      spread: { min: Math.min(...onCpu), max: Math.max(...onCpu) },
      sourceAndSinkShare: SOURCE_AND_SINK_SHARE,
      counts: work.masks === undefined ? counts : { ...counts, masks: this.checkMasks(work.masks) },
    };
  }

  private removeBridges(): void {
    for (const bridge of this.ovs.vsctl('list-br').split('\n').filter(Boolean)) this.ovs.vsctl('del-br', bridge);
  }

  private setUp(work: PeerWork, mode: CacheMode, file: string, preloads: boolean): void {
    const { ovs } = this;
    this.removeBridges();
    ovs.setConfig({ ...CACHE_MODES[mode], 'flow-limit': work.misses === 'execute' ? '1' : '4000000' });
    for (const bridge of work.plan.bridges) this.addBridge(bridge, work);
    const source = preloads ? `rx_pcap=${file},infinite_rx=1` : `rx_pcap=${file}`;
    ovs.appctl(work.misses === undefined ? 'upcall/enable-megaflows' : 'upcall/disable-megaflows');
    if (work.misses === 'install') ovs.appctl('upcall/set-flow-limit', '3000000');
    // The source comes last: no packet is to see half a switch.
    const home = work.plan.bridges.find(({ ports }) => ports.some(({ name }) => name === work.inPort))!;
    const addSource = (): void => this.addDevice(home, work.inPort, `net_pcap${this.deviceCount++},${source}`);
    // Commands that name ports want all of them; the others come first.
    const commands = (work.plan.commands ?? []).filter(([name]) => name !== undefined && !name.startsWith('upcall/'));
    for (const command of commands) ovs.appctl(...command);
    addSource();
  }

  private addBridge(bridge: BenchBridge, work: PeerWork): void {
    const { ovs } = this;
    const { name, mac, address, ports, rules } = bridge;
    const config = ['mac-table-size=65536', ...(mac === undefined ? [] : [`hwaddr="${mac}"`])];
    ovs.vsctl(
      ...['add-br', name, '--', 'set', 'bridge', name, 'datapath_type=netdev', 'fail_mode=secure'],
      ...config.map((setting) => `other-config:${setting}`),
    );
    if (address !== undefined) {
      ovs.ip('addr', 'add', address, 'dev', name);
      ovs.ip('link', 'set', name, 'up');
    }
    for (const port of ports) {
      if (port.vxlan !== undefined) {
        const { remote, vni } = port.vxlan;
        ovs.vsctl(
          ...['add-port', name, port.name, '--', 'set', 'interface', port.name, 'type=vxlan'],
          ...[`options:remote_ip=${remote}`, `options:key=${vni}`, `ofport_request=${port.number}`],
        );
      } else if (port.name !== work.inPort) {
        this.addDevice(bridge, port.name, `net_null${this.deviceCount++},no-rx=1`);
      }
    }
    for (const rule of rules) ovs.ofctl('add-flow', name, rule);
  }

  private addDevice(bridge: BenchBridge, portName: string, device: string): void {
    const { number, tag, trunk } = bridge.ports.find(({ name }) => name === portName)!;
    const vlan = tag !== undefined ? [`tag=${tag}`] : trunk !== undefined ? [`trunks=${trunk}`] : [];
    this.ovs.vsctl(
      ...['add-port', bridge.name, portName, ...vlan, '--', 'set', 'interface', portName, 'type=dpdk'],
      ...[`options:dpdk-devargs="${device}"`, `ofport_request=${number}`],
    );
    const error = this.ovs.vsctl('get', 'interface', portName, 'error').trim();
    if (error !== '[]') throw new Error(`OVS-DPDK has no port ${portName}: ${error}`);
  }

  /** What its thread did in a little while, by its own account; null when nothing came in. */
  private async window(work: PeerWork): Promise<Window | null> {
    const { ovs } = this;
    if (work.misses === 'install') ovs.appctl('revalidator/purge');
    ovs.appctl('dpif-netdev/pmd-stats-clear');
    const began = performance.now();
    const before = ovs.pollTime();
    await sleep(work.misses === 'install' ? MISS_WINDOW_MS : WINDOW_MS);
    const after = ovs.pollTime();
    const elapsedNs = (performance.now() - began) * 1e6;
    const text = ovs.appctl('dpif-netdev/pmd-perf-show', '-nh');
    if (before === null || after === null) return null;
    const ranNs = after.runNs - before.runNs;
    const share = ranNs / Math.max(1, ranNs + after.waitNs - before.waitNs);
    const window = parseWindow(text, share);
    if (window === null || work.misses === undefined) return window;
    // Flows of a moment before may still be there: such a window says nothing.
    if (window.counts.missPercent! < LEAST_MISSES_PERCENT) return null;
    // Upcalls wait for locks, which is neither running nor waiting for a core; the thread's running time counts.
    return { ...window, onCpuNs: ((ranNs / elapsedNs) * window.counts.seconds! * 1e9) / window.counts.packets! };
  }

  /** So many masks must be in its table. */
  private checkMasks(wanted: number): number {
    const flows = this.ovs
      .appctl('dpctl/dump-flows', '-m')
      .split('\n')
      .filter((line) => line.includes('recirc_id'));
    const masks = new Set(flows.map(maskOf)).size;
    if (masks !== wanted) throw new Error(`OVS-DPDK has ${masks} masks in ${flows.length} flows, not ${wanted}`);
    return masks;
  }
}

/** The mask of a flow in dpctl/dump-flows -m: everything that is not a value. */
function maskOf(flow: string): string {
  const match = flow
    .split(', packets:')[0]!
    .replace(/^ufid:\S+ /, '')
    .replace(/^[^,]*ufid:[^,]*,\s*/, '');
  return match.replace(
    /=([^,()/]*)(\/([^,()]*))?/g,
    (_whole, _value, _slash, mask: string | undefined) => `=${mask ?? 'exact'}`,
  );
}

/** What dpif-netdev/pmd-perf-show says, the cycles that others had taken out. */
export function parseWindow(text: string, share: number): Window | null {
  const number = (pattern: RegExp): number => Number(pattern.exec(text)?.[1] ?? Number.NaN);
  const cyclesPerPacket = number(/Kpps, ([\d.]+) cycles\/pkt/);
  const received = number(/Rx packets:\s+(\d+)/);
  const seconds = number(/duration: ([\d.]+)/);
  const cycles = number(/Used TSC cycles:\s+(\d+)/);
  const usedPercent = number(/Used TSC cycles:\s+\d+\s+\(\s*([\d.]+)/);
  if (!(received > 0) || !(cyclesPerPacket > 0)) return null;
  const cyclesPerNs = cycles / (usedPercent / 100) / (seconds * 1e9);
  const ns = cyclesPerPacket / cyclesPerNs;
  const percent = (pattern: RegExp): number => number(pattern) || 0;
  return {
    ns,
    onCpuNs: ns * share,
    counts: {
      packets: received,
      seconds,
      sent: percent(/Tx packets:\s+(\d+)/),
      onCpuPercent: 100 * share,
      cacheHitPercent: percent(/EMC hits:\s+\d+\s+\(\s*([\d.]+)/) + percent(/SMC hits:\s+\d+\s+\(\s*([\d.]+)/),
      megaflowHitPercent: percent(/Megaflow hits:\s+\d+\s+\(\s*([\d.]+)/),
      simpleMatchPercent: percent(/Simple Match hits:\s+\d+\s+\(\s*([\d.]+)/),
      missPercent: percent(/Upcalls:\s+\d+\s+\(\s*([\d.]+)/) + percent(/Lost upcalls:\s+\d+\s+\(\s*([\d.]+)/),
      subtablesPerHit: percent(/([\d.]+) subtbl lookups/),
    },
  };
}
