/**
 * One run of ping from the first request to the statistics (iputils' ping/ping_common.c main_loop(), finish()): when
 * to send, how long to wait, what to say of each answer, how to count.
 */
import type { CommandOutput } from '#src/report/command-output.js';
import type { Timer } from '#src/sim/scheduler.js';
import type { NetDevice } from '../device/net-device.js';
import { formatAddress, type IpAddress, isLinkLocalIpv6, isMulticast } from '../ip/address.js';
import type { EchoEvent, EchoSocket } from '../ip/echo.js';
import type { IcmpError } from '../ip/icmp-error.js';
import type { IpStack } from '../ip/stack.js';
import type { Machine } from '../machine.js';
import type { PingOptions } from './ping.js';

/** Addresses that hold on one link only are shown with the link's name. */
export const scopeText = (address: IpAddress, device: NetDevice): string =>
  isLinkLocalIpv6(address) || (address.length === 16 && isMulticast(address)) ? `%${device.name}` : '';

export interface EchoRunSetup {
  readonly options: PingOptions;
  readonly machine: Machine;
  readonly stack: IpStack;
  readonly destination: IpAddress;
  readonly source: IpAddress | null;
  readonly device: NetDevice | null;
  /** The device that requests leave by. */
  readonly pathDevice: NetDevice;
  /** The name to show beside addresses, where the destination was given by name. */
  readonly shownName: string | null;
}

/** A payload of this size carries a time stamp; shorter ones are not timed. */
const TIMESTAMP_SIZE = 16;
/** A run is given up after that many requests: nobody would read it. */
const MAX_REQUESTS = 1_000_000;
const SEQUENCES = 0x10000;

export class EchoRun {
  private readonly setup: EchoRunSetup;
  private readonly socket: EchoSocket;
  private readonly startNs: number;
  private lastSentNs: number;
  private transmitted = 0;
  private received = 0;
  private duplicates = 0;
  private errors = 0;
  private pipe = 0;
  private sumUs = 0;
  private sumSquaresUs = 0;
  private minUs = Number.POSITIVE_INFINITY;
  private maxUs = 0;
  private readonly sentNs = new Map<number, number>();
  private readonly answered = new Set<number>();
  private stdout = '';
  private stderr = '';
  private finished = false;
  /** The end by deadline, the end by silence, the next request. */
  private deadlineTimer: Timer | null = null;
  private exitTimer: Timer | null = null;
  private sendTimer: Timer | null = null;

  constructor(setup: EchoRunSetup) {
    this.setup = setup;
    const { stack, destination } = setup;
    const echoes = destination.length === 4 ? stack.icmp.echoes : stack.icmpv6.echoes;
    this.socket = echoes.open((event) => this.heard(event));
    this.startNs = setup.machine.scheduler.nowNs();
    this.lastSentNs = this.startNs;
  }

  toEnd(): CommandOutput {
    const { scheduler } = this.setup.machine;
    const { deadlineNs } = this.setup.options;
    if (deadlineNs !== null) this.deadlineTimer = this.after(deadlineNs, () => (this.finished = true));
    this.send();
    scheduler.runWhile(() => !this.finished, Number.MAX_SAFE_INTEGER);
    for (const timer of [this.deadlineTimer, this.exitTimer, this.sendTimer]) timer?.cancel();
    this.socket.close();
    this.summarise();
    const { options } = this.setup;
    const isShort = options.deadlineNs !== null && options.count !== null && this.received < options.count;
    return { stdout: this.stdout, stderr: this.stderr, exitCode: this.received === 0 || isShort ? 1 : 0 };
  }

  private after(delayNs: number, run: () => void): Timer {
    return this.setup.machine.scheduler.after(delayNs, run);
  }

  private send(): void {
    const { options, machine, destination, source, device } = this.setup;
    if (this.finished) return;
    const nowNs = machine.scheduler.nowNs();
    if (options.reportOutstanding && this.transmitted > 0 && !this.answered.has(this.transmitted % SEQUENCES)) {
      this.print(`no answer yet for icmp_seq=${this.transmitted}\n`);
    }
    this.transmitted++;
    const sequence = this.transmitted % SEQUENCES;
    this.answered.delete(sequence);
    this.sentNs.set(sequence, nowNs);
    this.lastSentNs = nowNs;
    const refused = this.socket.send({
      sequence,
      destination,
      source,
      device,
      ttl: options.ttl,
      tos: options.tos,
      fragment: options.fragment,
      payload: this.payload(nowNs),
    });
    if (refused === 'fragmentation-needed') {
      const { stack, pathDevice } = this.setup;
      const mtu = (destination.length === 4 ? stack.ipv4 : stack.ipv6).mtuTo(destination, pathDevice);
      this.errors++;
      if (!options.quiet) this.stderr += `ping: local error: message too long, mtu=${mtu}\n`;
    } else if (refused === 'no-route') {
      if (!options.quiet) this.stderr += 'ping: sendmsg: Network is unreachable\n';
    }
    if (this.transmitted >= MAX_REQUESTS) {
      this.stderr += `ping: stopped after ${MAX_REQUESTS} requests\n`;
      this.finished = true;
    }
    this.checkCount();
    const isLast = options.count !== null && this.transmitted >= options.count && options.deadlineNs === null;
    if (isLast) this.scheduleExit();
    else if (!this.finished) this.sendTimer = this.after(options.intervalNs, () => this.send());
  }

  /** After the last request: as long as two round trips and an interval, or the whole linger time if all is silent. */
  private scheduleExit(): void {
    if (this.exitTimer !== null || this.finished) return;
    const { options } = this.setup;
    const waitNs = this.received > 0 ? Math.max(2 * this.maxUs * 1000, options.intervalNs) : options.lingerNs;
    this.exitTimer = this.after(waitNs, () => (this.finished = true));
  }

  private payload(nowNs: number): Uint8Array {
    const { size, pattern } = this.setup.options;
    const bytes = new Uint8Array(size);
    for (let i = 0; i < size; i++) bytes[i] = pattern === null ? i & 0xff : pattern[i % pattern.length]!;
    if (size >= TIMESTAMP_SIZE) {
      // A struct timeval of a 64-bit machine.
      const view = new DataView(bytes.buffer);
      view.setBigInt64(0, BigInt(Math.floor(nowNs / 1e9)), true);
      view.setBigInt64(8, BigInt(Math.floor((nowNs % 1e9) / 1000)), true);
    }
    return bytes;
  }

  private heard(event: EchoEvent): void {
    if (this.finished) return;
    if (event.kind === 'error') {
      this.errors++;
      this.acknowledge(event.sequence);
      const { error } = event;
      const from = `${formatAddress(error.from)}${scopeText(error.from, this.setup.pathDevice)}`;
      this.print(`From ${from} icmp_seq=${event.sequence} ${errorText(error)}\n`);
      this.checkCount();
      return;
    }
    const { machine, options, shownName, pathDevice } = this.setup;
    const sentNs = this.sentNs.get(event.sequence);
    const nowNs = machine.scheduler.nowNs();
    const isTimed = options.size >= TIMESTAMP_SIZE && sentNs !== undefined;
    const tripUs = isTimed ? Math.floor((nowNs - sentNs) / 1000) : 0;
    const isDuplicate = this.answered.has(event.sequence);
    this.acknowledge(event.sequence);
    if (isDuplicate) this.duplicates++;
    else {
      this.received++;
      this.answered.add(event.sequence);
    }
    if (isTimed) {
      this.sumUs += tripUs;
      this.sumSquaresUs += tripUs * tripUs;
      this.minUs = Math.min(this.minUs, tripUs);
      this.maxUs = Math.max(this.maxUs, tripUs);
    }
    const address = `${formatAddress(event.from)}${scopeText(event.from, pathDevice)}`;
    const from = shownName === null ? address : `${shownName} (${address})`;
    const time = isTimed ? ` time=${tripText(tripUs)} ms` : '';
    this.print(
      `${event.size} bytes from ${from}: icmp_seq=${event.sequence} ttl=${event.ttl}${time}${isDuplicate ? ' (DUP!)' : ''}\n`,
    );
    this.checkCount();
  }

  /** How many requests were under way at once. */
  private acknowledge(sequence: number): void {
    const behind = (this.transmitted - sequence) & 0xffff;
    if (behind <= 0x7fff) this.pipe = Math.max(this.pipe, behind + 1);
  }

  private checkCount(): void {
    const { count } = this.setup.options;
    if (count !== null && this.received + this.errors >= count) this.finished = true;
  }

  private print(line: string): void {
    const { options, machine } = this.setup;
    if (options.quiet) return;
    const nowNs = machine.scheduler.nowNs();
    const stamp = `[${Math.floor(nowNs / 1e9)}.${String(Math.floor((nowNs % 1e9) / 1000)).padStart(6, '0')}] `;
    this.stdout += options.timestamps ? stamp + line : line;
  }

  private summarise(): void {
    const { options } = this.setup;
    const loss = ((this.transmitted - this.received) * 100) / this.transmitted;
    let text = `\n--- ${options.destination} ping statistics ---\n`;
    text += `${this.transmitted} packets transmitted, ${this.received} received`;
    if (this.duplicates > 0) text += `, +${this.duplicates} duplicates`;
    if (this.errors > 0) text += `, +${this.errors} errors`;
    text += `, ${shortNumber(loss)}% packet loss, time ${Math.floor((this.lastSentNs - this.startNs) / 1e6)}ms\n`;
    const trips = this.received + this.duplicates;
    const parts: string[] = [];
    if (this.received > 0 && options.size >= TIMESTAMP_SIZE) {
      const averageUs = Math.floor(this.sumUs / trips);
      const variance = Math.floor((this.sumSquaresUs - Math.floor(this.sumUs ** 2 / trips)) / trips);
      const deviationUs = Math.floor(Math.sqrt(variance));
      const figures = [this.minUs, averageUs, this.maxUs, deviationUs].map(milliseconds).join('/');
      parts.push(`rtt min/avg/max/mdev = ${figures} ms`);
    }
    if (this.pipe > 1) parts.push(`pipe ${this.pipe}`);
    this.stdout += `${text}${parts.join(', ')}\n`;
  }
}

const milliseconds = (us: number): string => `${Math.floor(us / 1000)}.${String(us % 1000).padStart(3, '0')}`;

/** printf's %g for a percentage: six significant digits without trailing zeros. */
const shortNumber = (value: number): string => String(Number(value.toPrecision(6)));

/** The longer it took, the fewer digits. */
function tripText(us: number): string {
  if (us >= 100_000 - 50) return String(Math.floor((us + 500) / 1000));
  if (us >= 10_000 - 5) return `${Math.floor((us + 50) / 1000)}.${Math.floor(((us + 50) % 1000) / 100)}`;
  if (us >= 1000)
    return `${Math.floor((us + 5) / 1000)}.${String(Math.floor(((us + 5) % 1000) / 10)).padStart(2, '0')}`;
  return milliseconds(us);
}

const UNREACHABLE_IPV4: readonly string[] = [
  'Destination Net Unreachable',
  'Destination Host Unreachable',
  'Destination Protocol Unreachable',
  'Destination Port Unreachable',
];
const UNREACHABLE_IPV6: readonly string[] = [
  'No route',
  'Administratively prohibited',
  'Beyond scope of source address',
  'Address unreachable',
  'Port unreachable',
];

function errorText(error: IcmpError): string {
  const isIpv4 = error.from.length === 4;
  switch (error.kind) {
    case 'unreachable':
      if (isIpv4) return UNREACHABLE_IPV4[error.code] ?? `Dest Unreachable, Bad Code: ${error.code}`;
      return `Destination unreachable: ${UNREACHABLE_IPV6[error.code] ?? `Unknown code ${error.code}`}`;
    case 'time-exceeded':
      if (isIpv4) return error.code === 0 ? 'Time to live exceeded' : 'Frag reassembly time exceeded';
      return `Time exceeded: ${error.code === 0 ? 'Hop limit' : 'Defragmentation failure'}`;
    case 'too-big':
      return isIpv4 ? `Frag needed and DF set (mtu = ${error.mtu})` : `Packet too big: mtu=${error.mtu}`;
    case 'parameter-problem':
      return isIpv4 ? 'Parameter problem' : 'Parameter problem: Unrecognized next header';
  }
}
