/** ovs-ofctl show SWITCH: features, ports and configuration. Mirrors ofctl_show() and ofp_print_switch_features(). */
import { allActionTypes } from '../action-types.js';
import type { OfctlCommand } from './command.js';
import { formatPortDescription, sortPorts } from '../port-format.js';
import { formatSwitchFeatures, switchCapabilities } from '../switch-features.js';

export const show: OfctlCommand = {
  name: 'show',
  usage: 'switch',
  minArgs: 1,
  maxArgs: 1,
  writes: false,
  run(invocation, [name = '']) {
    const { connection, version } = invocation.open(name);
    const features = connection.features();
    const head = invocation.header('OFPT_FEATURES_REPLY', version, invocation.nextXid());
    const capabilities = switchCapabilities(version);
    // OpenFlow 1.0 lists the actions that it knows by itself.
    const actions = version === 10 ? allActionTypes(version) : 0;
    invocation.print(`${head}${formatSwitchFeatures({ ...features, auxiliaryId: 0, capabilities, actions })}`);
    // From 1.3 on the ports are a message of their own.
    if (version >= 13) {
      invocation.print(`${invocation.header('OFPST_PORT_DESC reply', version, invocation.nextXid())}\n`);
    }
    for (const port of sortPorts(connection.portDescriptions())) invocation.print(formatPortDescription(port, version));
    invocation.open(name);
    const config = invocation.header('OFPT_GET_CONFIG_REPLY', version, invocation.nextXid());
    invocation.print(`${config} frags=normal miss_send_len=0\n`);
  },
};
