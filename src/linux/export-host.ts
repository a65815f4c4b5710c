/** The sockets of a machine for its switch's exporters (sFlow, IPFIX, NetFlow): datagrams of a namespace's stack. */
import type { ExportHost } from '#src/vswitchd/flow-export/collectors.js';
import type { NetworkNamespace } from './namespace.js';

export const exportHost = ({ stack, devices }: NetworkNamespace): ExportHost => ({
  connect(address, port) {
    if (stack.path(address) === 'no-route') return null;
    const socket = stack.udp.bind({ port: 0 }, () => {});
    if (socket === null) return null;
    return {
      send: (payload) => socket.send(address, port, payload) === null,
      close: () => socket.close(),
    };
  },

  addressOf(name) {
    const device = devices.get(name);
    return device === undefined ? null : (stack.addressesOf(device)[0]?.prefix.address ?? null);
  },

  sourceFor(destination) {
    const path = stack.path(destination);
    return path === 'no-route' ? null : path.source;
  },
});
