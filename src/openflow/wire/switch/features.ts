/**
 * OFPT_FEATURES_REQUEST and OFPT_FEATURES_REPLY (OpenFlow 1.5.1 §7.3.1). Mirrors ofputil_pull_switch_features() and
 * ofputil_encode_switch_features(). Up to 1.2 the reply lists the ports, as many as there is room for.
 *
 *     datapath (8), buffers (4), tables (1), auxiliary connection (1), zeros (2), capabilities (4), actions (4), ports
 */
import { actionTypesFrom, actionTypesTo } from '../../action-types.js';
import { formatPortDescription, sortPorts } from '../../port-format.js';
import type { OpenFlowVersion } from '../../protocol.js';
import type { PortDescription } from '../../switch-connection.js';
import { type Capability, formatSwitchFeatures, type ShownSwitchFeatures } from '../../switch-features.js';
import { bareMessage } from '../bare-message.js';
import { ByteWriter } from '../byte-writer.js';
import { ofpt, VOID } from '../message-code.js';
import { type MessageKind, readEntries } from '../message-kind.js';
import { readPortStructure, writePortStructure } from './port-structure.js';

export const featuresRequest = bareMessage('features-request', [ofpt('FEATURES_REQUEST', [10, 15], 5, VOID)]);

export interface FeaturesReplyMessage extends ShownSwitchFeatures {
  readonly kind: 'features-reply';
  readonly ports: readonly PortDescription[];
}

/** OFPC_*: bit, name, and the versions that have it. */
const CAPABILITY_BITS: readonly (readonly [number, Capability, OpenFlowVersion, OpenFlowVersion])[] = [
  [1 << 0, 'FLOW_STATS', 10, 15],
  [1 << 1, 'TABLE_STATS', 10, 15],
  [1 << 2, 'PORT_STATS', 10, 15],
  [1 << 3, 'STP', 10, 10],
  [1 << 3, 'GROUP_STATS', 11, 15],
  [1 << 5, 'IP_REASM', 10, 15],
  [1 << 6, 'QUEUE_STATS', 10, 15],
  [1 << 7, 'ARP_MATCH_IP', 10, 11],
  [1 << 8, 'PORT_BLOCKED', 12, 15],
  [1 << 9, 'BUNDLES', 14, 15],
  [1 << 10, 'FLOW_MONITORING', 14, 15],
];

const capabilityBits = (version: OpenFlowVersion): typeof CAPABILITY_BITS =>
  CAPABILITY_BITS.filter(([, , first, last]) => version >= first && version <= last);

const MAX_MESSAGE_SIZE = 0xffff;

export const featuresReply: MessageKind<FeaturesReplyMessage> = {
  kind: 'features-reply',
  codes: [
    ofpt('FEATURES_REPLY', [10, 10], 6, { size: 24, unit: 48 }),
    ofpt('FEATURES_REPLY', [11, 12], 6, { size: 24, unit: 64 }),
    ofpt('FEATURES_REPLY', [13, 15], 6, { size: 24, unit: 0 }),
  ],
  decode(body, _code, { version }) {
    const datapathId = body.u64();
    const bufferCount = body.u32();
    const tableCount = body.u8();
    const auxiliaryId = body.u8();
    body.skip(2);
    const bits = body.u32();
    const capabilities = capabilityBits(version)
      .filter(([bit]) => (bits & bit) !== 0)
      .map(([, name]) => name);
    const actions = body.u32();
    const features = {
      datapathId,
      bufferCount,
      tableCount,
      auxiliaryId: version >= 13 ? auxiliaryId : 0,
      capabilities,
      actions: version === 10 ? actionTypesFrom(actions, version) : 0,
    };
    return readEntries(
      body,
      () => readPortStructure(body, version),
      (ports) => ({ kind: 'features-reply', ...features, ports }),
    );
  },
  encode(message, body, _code, { version }) {
    body.u64(message.datapathId);
    body.u32(message.bufferCount);
    body.u8(message.tableCount);
    body.u8(version >= 13 ? message.auxiliaryId : 0);
    body.zeros(2);
    const known = capabilityBits(version).filter(([, name]) => message.capabilities.includes(name));
    body.u32(known.reduce((bits, [bit]) => bits | bit, 0));
    body.u32(version === 10 ? actionTypesTo(message.actions, version) : 0);
    if (version >= 13) return;
    for (const port of message.ports) {
      const entry = new ByteWriter();
      writePortStructure(entry, port, version);
      if (body.size + entry.size > MAX_MESSAGE_SIZE) return;
      body.put(entry.take());
    }
  },
  format: (message, _code, { version }) =>
    formatSwitchFeatures(message) +
    sortPorts(message.ports)
      .map((port) => formatPortDescription(port, version))
      .join(''),
};
