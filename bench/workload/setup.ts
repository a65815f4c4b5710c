/**
 * Flows set up in the datapath's table and deleted from it, as userspace does both: key, mask and actions go down, the
 * table checks that no other flow has the packet, actions are compiled. Neither packets nor translation have a part.
 */
import { Datapath } from '#datapath/datapath.js';
import type { FlowPut } from '#datapath/dpif.js';
import { extractFlow } from '#datapath/flow-extract.js';
import { FlowKey, OFF_IN_PORT } from '#flowtable/flow-key.js';
import { exactDatapathMask } from '#flowtable/flow-mask.js';
import { ufidOf } from '#flowtable/hash.js';
import { SeededRng } from '#src/sim/rng.js';
import { makeFrames } from '../frames.js';
import { Stopwatch } from '../stopwatch.js';
import { OWN_FRAMES, type Round, SelfCheckError, type Workload, type WorkloadKind } from './workload.js';

const PORT = 1;

export function setupWorkload(name: string, flowCount: number): WorkloadKind {
  return {
    name,
    summary: `${flowCount.toLocaleString('en-US')} flows put into the datapath's table itself, and deleted from it`,
    frames: OWN_FRAMES,
    prepare: () => {
      const puts = flowPuts(flowCount);
      return [new Setup(`${name}/put`, puts, 'put'), new Setup(`${name}/delete`, puts, 'delete')];
    },
  };
}

function flowPuts(flowCount: number): readonly (FlowPut & { readonly ufid: string })[] {
  const { arena, batch } = makeFrames({ kind: 'udp', flowCount, port: PORT });
  const metadata = new FlowKey();
  metadata.setU32(OFF_IN_PORT, PORT);
  const mask = exactDatapathMask();
  return Array.from({ length: flowCount }, (_, i) => {
    const start = batch.starts[i]!;
    const key = extractFlow(arena.bytes.subarray(start, start + batch.lengths[i]!), metadata);
    return { key, mask, actions: [{ kind: 'output', port: 2 }], mode: 'create', ufid: ufidOf(key, mask) };
  });
}

class Setup implements Workload {
  readonly name: string;
  readonly unit = 'flow';
  readonly settings;
  readonly setSize: number;
  readonly roundLimit: number;
  readonly step = 1;
  readonly figures = {};
  readonly peer = null;
  private readonly puts: ReturnType<typeof flowPuts>;
  private readonly timed: 'put' | 'delete';
  private readonly datapath: Datapath;

  constructor(name: string, puts: ReturnType<typeof flowPuts>, timed: 'put' | 'delete') {
    this.name = name;
    this.puts = puts;
    this.timed = timed;
    this.settings = { flows: puts.length, masks: 1 };
    this.setSize = puts.length;
    this.roundLimit = puts.length;
    this.datapath = new Datapath(
      { clock: { nowNs: () => 0 }, rng: new SeededRng(1), underlay: null },
      { name: 'bench', maxFlows: puts.length },
    );
    this.datapath.portAdd({ name: 'p2', type: 'dummy', port: 2 });
  }

  warmUp(count: number): Round {
    return this.round(count);
  }

  round(count: number): Round {
    const put = (): number => {
      let done = 0;
      for (let i = 0; i < count; i++) if (this.datapath.flowPut(this.puts[i]!) === 'ok') done++;
      return done;
    };
    const remove = (): number => {
      let done = 0;
      for (let i = 0; i < count; i++) if (this.datapath.flowDelete(this.puts[i]!.ufid) !== null) done++;
      return done;
    };
    const beforePut = new Stopwatch();
    const flowsPut = put();
    const putting = beforePut.stop();
    const { flows } = this.datapath.stats();
    const beforeDelete = new Stopwatch();
    const deleted = remove();
    const deleting = beforeDelete.stop();
    const left = this.datapath.stats().flows;
    if (flowsPut !== count || flows !== count || deleted !== count || left !== 0) {
      throw new SelfCheckError(this.name, [
        `${flowsPut} of ${count} flows were put (the table had ${flows}), ${deleted} deleted, ${left} left`,
      ]);
    }
    return { ...(this.timed === 'put' ? putting : deleting), counts: { [this.timed]: count, flows } };
  }
}
