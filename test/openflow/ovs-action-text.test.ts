/** OVS's own actions as text: what is taken prints so that it is read back alike, what is refused says why. */
import { describe, expect, test } from 'vitest';
import { parseFlowMod } from '#src/openflow/flow-mod-parse.js';
import { formatFlowMod } from '#src/openflow/flow-mod-format.js';
import { flowModInVersion, checkReceivedFlowMod } from '#src/openflow/flow-version.js';
import { NO_PORT_NAMES } from '#src/openflow/ports.js';
import { OpenFlowError } from '#src/openflow/switch-connection.js';
import { UserError } from '#src/report/user-error.js';
import { REFUSED, TAKEN } from './action-texts.js';

const ports = NO_PORT_NAMES;
/** The actions of a flow, as it is printed. */
const canonical = (flow: string): string => {
  const text = formatFlowMod(parseFlowMod(flow, 'add', { ports }).mod, 15, { ports });
  return text.slice(text.indexOf('actions='));
};

describe('OVS actions as text', () => {
  test.each(TAKEN)('%s is printed and read back as the same', (flow) => {
    const printed = canonical(flow);
    const match = flow.slice(0, flow.indexOf('actions='));
    expect(canonical(match + printed)).toBe(printed);
  });

  test.each(REFUSED)('%s is refused when it is read, or when a switch receives it', (flow) => {
    let refusal: unknown = null;
    try {
      const { mod } = parseFlowMod(flow, 'add', { ports });
      checkReceivedFlowMod(flowModInVersion(mod, 13), 13, 255);
    } catch (error) {
      refusal = error;
    }
    expect(refusal instanceof UserError || refusal instanceof OpenFlowError).toBe(true);
  });
});
