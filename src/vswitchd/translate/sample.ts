/**
 * Samples for collectors: those of all packets of a bridge (sFlow and IPFIX), and those that sample actions ask for.
 * Mirrors compose_sample_action(), compose_sflow_action(), compose_ipfix_action(), fix_sflow_action() and
 * xlate_sample_action() of ofproto-dpif-xlate.c.
 */
import { type DpAction, NO_PORT, type SampleCookie, type UserspaceAction } from '#datapath/dpif.js';
import { OFF_IN_PORT, OFF_TUN_ID, OFF_USERSPACE, OFF_VLAN_TCI } from '#flowtable/flow-key.js';
import { OFPM_SLOWPATH } from '#src/openflow/meter-mod.js';
import { OFPP_NONE } from '#src/openflow/ports.js';
import type { SampleRequest } from '#src/openflow/translate-context.js';
import { NETFLOW_DROP, NETFLOW_FLOOD, NETFLOW_MULTIPLE } from '../flow-export/netflow.js';
import { setTunnelForOutput } from '../tunnel.js';
import { commitTunnel } from './commit.js';
import type { Translation } from './translation.js';

const ALWAYS = 0xffff_ffff;
/** sFlow's numbers for an output that is no interface: a packet dropped for an unknown reason, and so many outputs. */
const DROPPED = 0x4000_0000 + 256;
const SEVERAL_OUTPUTS = 0x8000_0000;

/** Where a packet has gone so far, as collectors are told it. */
export class OutputTally {
  /** Outputs, and the datapath port of the last of them. */
  count = 0;
  odpPort = NO_PORT;
  /** OpenFlow port, or NETFLOW_*. */
  netflow = NETFLOW_DROP;

  sent(odpPort: number, ofPort: number): void {
    this.count++;
    this.odpPort = odpPort;
    this.netflow = ofPort;
  }

  /** The packet was flooded. */
  flooded(): void {
    this.netflow = NETFLOW_FLOOD;
  }

  /** Translates one output action: NetFlow hears of its output and of those before it together. */
  ofOneAction(translate: () => void): void {
    const earlier = this.netflow;
    this.netflow = NETFLOW_DROP;
    translate();
    if (earlier === NETFLOW_FLOOD) this.netflow = NETFLOW_FLOOD;
    else if (this.netflow === NETFLOW_DROP) this.netflow = earlier;
    else if (earlier !== NETFLOW_DROP && this.netflow !== NETFLOW_FLOOD) this.netflow = NETFLOW_MULTIPLE;
  }
}

/** Null where no packet is sampled. */
function sampleAction(
  t: Translation,
  probability: number,
  action: Omit<UserspaceAction, 'kind' | 'pid'>,
): DpAction | null {
  if (probability === 0) return null;
  const meter = t.input.bridge.meters.get(OFPM_SLOWPATH);
  const userspace: DpAction = { kind: 'userspace', pid: 0, ...action };
  if (probability === ALWAYS && meter === undefined) return userspace;
  const actions: readonly DpAction[] =
    meter === undefined ? [userspace] : [{ kind: 'meter', id: meter.datapathId }, userspace];
  return { kind: 'sample', probability, actions };
}

function putSample(t: Translation, probability: number, cookie: SampleCookie, tunnelOutPort: number | null): void {
  const action = sampleAction(t, probability, { cookie, ...(tunnelOutPort === null ? {} : { tunnelOutPort }) });
  if (action !== null) t.actions.push(action);
}

function sflowAction(t: Translation, vlanTci: number, output: number): DpAction | null {
  const cookie: SampleCookie = { kind: 'sflow', bridge: t.input.bridge.name, vlanTci, output };
  const probability = t.input.bridge.flowExport.sflow?.probability ?? 0;
  return sampleAction(t, probability, { cookie, withActions: true });
}

/** Samples a packet that has just come in; endSamples() completes what is told of it. */
export function beginSamples(t: Translation): void {
  const hasPort = t.flow.u32(OFF_IN_PORT) !== OFPP_NONE;
  const action = hasPort ? sflowAction(t, 0, 0) : null;
  if (action !== null) t.actions.push(action);
  t.isSflowSampled = action !== null;
  putIpfixSample(t, NO_PORT);
}

/** Puts into sFlow's sample, which comes first of all actions, where the packet went. */
export function endSamples(t: Translation): void {
  if (!t.isSflowSampled) return;
  const { count, odpPort } = t.tally;
  const ifindex = count === 1 ? t.input.bridge.flowExport.sflow!.interfaceOf(odpPort) : 0;
  const output = count === 0 ? DROPPED : ifindex || SEVERAL_OUTPUTS + count;
  t.actions[0] = sflowAction(t, t.base.u16(OFF_VLAN_TCI), output)!;
}

/** The bridge's own IPFIX sample: of a packet that comes in (NO_PORT), or goes out by a port. */
export function putIpfixSample(t: Translation, outputPort: number): void {
  const { ipfix } = t.bridge.flowExport;
  const isInput = outputPort === NO_PORT;
  if (ipfix === null || (isInput && t.flow.u32(OFF_IN_PORT) === OFPP_NONE)) return;
  if (isInput ? !ipfix.samplesInput : !ipfix.samplesOutput) return;
  const isTunnel = !isInput && ipfix.samplesTunnels && ipfix.isTunnelPort(outputPort);
  const cookie: SampleCookie = { kind: 'ipfix', bridge: t.bridge.name, outputPort };
  putSample(t, ipfix.probability, cookie, isTunnel ? outputPort : null);
}

export function translateSample(t: Translation, request: SampleRequest): void {
  const { flow, bridge } = t;
  const { ipfix } = bridge.flowExport;
  if (ipfix === null) return;
  const { probability, collectorSetId, samplingPort } = request;
  let outputPort = NO_PORT;
  let tunnelOutPort: number | null = null;
  if (samplingPort !== OFPP_NONE && samplingPort !== flow.u32(OFF_IN_PORT)) {
    const odpPort = bridge.ports.get(samplingPort)?.odpPort ?? null;
    if (odpPort === null) {
      t.report('error', `can't use unknown port ${samplingPort} in flow sample action`);
      return;
    }
    outputPort = odpPort;
    if (ipfix.setSamplesTunnels(collectorSetId) && ipfix.isTunnelPort(odpPort)) tunnelOutPort = odpPort;
  }
  t.commit();
  if (tunnelOutPort !== null) setTunnelOfPort(t, samplingPort);
  const cookie: SampleCookie = {
    kind: 'flow-sample',
    bridge: bridge.name,
    probability,
    collectorSetId,
    observationDomainId: request.observationDomainId,
    observationPointId: request.observationPointId,
    outputPort,
    direction: request.direction,
  };
  putSample(t, probability * 0x1_0001, cookie, tunnelOutPort);
}

/** Gives the packet the header of a tunnel, for the sample to tell it. With native tunnels it stays, as in OVS. */
function setTunnelOfPort(t: Translation, ofPort: number): void {
  const tunnel = t.bridge.ports.get(ofPort)?.tunnel ?? null;
  if (tunnel === null) {
    t.report('error', `sampling_port:${ofPort} should be a tunnel port.`);
    return;
  }
  setTunnelForOutput(tunnel, t.flow, t.wc);
  if (t.bridge.backer.hasNativeTunnels()) return;
  const saved = t.flow.bytes.slice(OFF_TUN_ID, OFF_USERSPACE);
  commitTunnel(t, tunnel.type);
  t.flow.bytes.set(saved, OFF_TUN_ID);
}
