/** output(port=P,max_len=N): the first N bytes go out. Mirrors xlate_output_trunc_action() of ofproto-dpif-xlate.c. */
import { OFF_IN_PORT } from '#flowtable/flow-key.js';
import { formatPort } from '#src/openflow/port-text.js';
import { NO_PORT_NAMES, OFPP_IN_PORT, OFPP_LOCAL, OFPP_MAX } from '#src/openflow/ports.js';
import { outputToPort } from './output.js';
import type { Translation } from './translation.js';

export function translateOutputTruncated(t: Translation, port: number, maxLen: number): void {
  const name = (): string => formatPort(port, NO_PORT_NAMES);
  if (port >= OFPP_MAX && port !== OFPP_LOCAL && port !== OFPP_IN_PORT) {
    t.warn(`output_trunc does not support port: ${name()}`);
    return;
  }
  const inPort = t.flow.u32(OFF_IN_PORT);
  if (port === inPort) {
    t.warn('skipping output to input port');
    return;
  }
  const outPort = t.bridge.ports.get(port) ?? null;
  if (outPort === null || outPort.odpPort === null) {
    t.report('error', `output_trunc does not support patch port ${name()}`);
    return;
  }
  t.actions.push({ kind: 'trunc', maxLen });
  t.tally.ofOneAction(() => outputToPort(t, port, { isLast: t.isLast, truncates: true }));
}
