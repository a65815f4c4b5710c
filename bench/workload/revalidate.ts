/**
 * A full revalidation: a rule comes, so every megaflow is in doubt, and each is translated anew and compared with what
 * the datapath has. Nothing about the flows turns out to have changed, which is the usual case and the one in which all
 * that is spent is the cost of being sure.
 *
 * That they are looked at at all is shown once, while the workload is prepared: a rule that changes their actions must
 * change every one of them.
 */
import { BenchSwitch, twoPorts } from '../bench-switch.js';
import { makeFrames } from '../frames.js';
import { Stopwatch } from '../stopwatch.js';
import { forwardingRules } from './flows.js';
import { OWN_FRAMES, type Round, SelfCheckError, type Workload, type WorkloadKind } from './workload.js';

const DATAPATH = 'dummy@ovs-dummy';
/** Rules that no packet matches: each time another one comes. */
const unrelatedRule = (number: number): string =>
  `priority=5,in_port=77,tp_dst=${1 + (number % 60_000)},udp,actions=drop`;

export function revalidateWorkload(name: string, flowCount: number, isLong: boolean): WorkloadKind {
  return {
    name,
    summary: `a rule changes, and ${flowCount.toLocaleString('en-US')} flows are translated anew; time for each flow`,
    frames: OWN_FRAMES,
    isLong,
    prepare: () => [new Revalidation(name, flowCount)],
  };
}

class Revalidation implements Workload {
  readonly name: string;
  readonly unit = 'flow';
  readonly settings;
  readonly setSize: number;
  readonly roundLimit: number;
  readonly step: number;
  readonly figures = {};
  readonly peer = null;
  private readonly target: BenchSwitch;
  private changes = 0;

  constructor(name: string, flowCount: number) {
    this.name = name;
    this.settings = { flows: flowCount };
    this.setSize = flowCount;
    this.roundLimit = flowCount;
    this.step = flowCount;
    this.target = new BenchSwitch(
      twoPorts(forwardingRules('udp'), {
        commands: [['upcall/disable-megaflows'], ['upcall/set-flow-limit', String(flowCount)]],
      }),
      { maxFlows: flowCount },
    );
    const frames = makeFrames({ kind: 'udp', flowCount, port: this.target.portNumber('p1') });
    this.install(frames);
    this.checkThatAllAreLookedAt();
  }

  warmUp(): Round {
    return this.round();
  }

  round(): Round {
    const { target } = this;
    target.addRules('br0', [unrelatedRule(this.changes++)]);
    const stopwatch = new Stopwatch();
    target.settle();
    const timing = stopwatch.stop();
    const { flows } = target.counts().stats;
    if (flows !== this.setSize) throw new SelfCheckError(this.name, [`flows is ${flows}, not ${this.setSize}`]);
    return { ...timing, counts: { revalidated: this.setSize, flows } };
  }

  /** By one packet of each; the clock stands still, so that none is idle for too long. */
  private install(frames: ReturnType<typeof makeFrames>): void {
    const { datapath } = this.target;
    for (let first = 0; first < this.setSize; first += 128) {
      datapath.receiveFrames(frames.arena, frames.batch, first, Math.min(128, this.setSize - first));
      this.target.settle();
    }
  }

  private checkThatAllAreLookedAt(): void {
    const counts = this.target.vswitchd.allBackers().get(DATAPATH)!.counts;
    const putsBefore = counts.flowPuts;
    for (const output of ['drop', 'output:2']) {
      this.target.addRules('br0', [`priority=10,udp,nw_dst=10.0.0.0/8,actions=${output}`]);
      this.target.settle();
    }
    const modified = counts.flowPuts - putsBefore;
    if (modified !== 2 * this.setSize) {
      throw new SelfCheckError(this.name, [`${modified} flows were changed by two changes, not ${2 * this.setSize}`]);
    }
  }
}
