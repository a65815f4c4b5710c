/** The machine that figures were made on, which is part of every one of them. */
import { cpus, loadavg } from 'node:os';

export interface Environment {
  readonly node: string;
  readonly cpu: string;
  readonly cpuCount: number;
  /** As the system tells it; what the processor really runs at may be higher. */
  readonly clockMhz: number;
  /** Of the last minute, the benchmark itself included. */
  readonly loadAverage: number;
}

export function environment(): Environment {
  const processors = cpus();
  return {
    node: process.version,
    cpu: processors[0]?.model.trim() ?? 'unknown processor',
    cpuCount: processors.length,
    clockMhz: processors[0]?.speed ?? 0,
    loadAverage: Math.round(loadavg()[0]! * 100) / 100,
  };
}

/** One line that says where the figures come from. */
export function heading({ node, cpu, cpuCount, clockMhz, loadAverage }: Environment): string {
  const clock = clockMhz > 0 ? ` at ${(clockMhz / 1000).toFixed(2)} GHz` : '';
  const processors = cpuCount === 1 ? '1 processor' : `${cpuCount} processors, one of them used`;
  return `Node ${node} on ${cpu}${clock}, ${processors}, load average ${loadAverage.toFixed(2)}`;
}
