/** The messages about what goes through a switch: flows, packets, groups, meters, bundles, and OVS's own of such. */
import type { AnyMessageKind } from '../message-kind.js';
import { aggregateStatsReply } from './aggregate-stats-reply.js';
import { bundleAddMessage } from './bundle-add.js';
import { bundleControlMessage } from './bundle-control.js';
import { ctFlushMessage, ctFlushZoneMessage } from './ct-flush.js';
import { flowModMessage } from './flow-mod.js';
import {
  flowMonitorCancel,
  flowMonitorPaused,
  flowMonitorRequest,
  flowMonitorResumed,
} from './flow-monitor-request.js';
import { flowRemovedMessage } from './flow-removed.js';
import { flowStatsReply } from './flow-stats-reply.js';
import { aggregateStatsRequest, flowStatsRequest } from './flow-stats-requests.js';
import { flowUpdatesMessage } from './flow-updates.js';
import { groupDescReply } from './group-desc-reply.js';
import { groupFeaturesReply } from './group-features-reply.js';
import { groupModMessage } from './group-mod.js';
import { groupDescRequest, groupFeaturesRequest, groupStatsRequest } from './group-requests.js';
import { groupStatsReply } from './group-stats-reply.js';
import { ipfixBridgeReply, ipfixBridgeRequest, ipfixFlowReply, ipfixFlowRequest } from './ipfix-stats.js';
import { meterConfigReply } from './meter-config-reply.js';
import { meterFeaturesReply } from './meter-features-reply.js';
import { meterModMessage } from './meter-mod.js';
import { meterConfigRequest, meterFeaturesRequest, meterStatsRequest } from './meter-requests.js';
import { meterStatsReply } from './meter-stats-reply.js';
import { packetInMessage, resumeMessage } from './packet-in.js';
import { packetOutMessage } from './packet-out.js';
import { requestForwardMessage } from './requestforward.js';
import { tlvTableModMessage, tlvTableReply, tlvTableRequest } from './tlv-table.js';

export const FLOW_MESSAGES: readonly AnyMessageKind[] = [
  packetInMessage,
  flowRemovedMessage,
  packetOutMessage,
  flowModMessage,
  groupModMessage,
  meterModMessage,
  requestForwardMessage,
  bundleControlMessage,
  bundleAddMessage,
  flowStatsRequest,
  flowStatsReply,
  aggregateStatsRequest,
  aggregateStatsReply,
  groupStatsRequest,
  groupStatsReply,
  groupDescRequest,
  groupDescReply,
  groupFeaturesRequest,
  groupFeaturesReply,
  meterStatsRequest,
  meterStatsReply,
  meterConfigRequest,
  meterConfigReply,
  meterFeaturesRequest,
  meterFeaturesReply,
  flowMonitorRequest,
  flowUpdatesMessage,
  flowMonitorCancel,
  flowMonitorPaused,
  flowMonitorResumed,
  tlvTableModMessage,
  tlvTableRequest,
  tlvTableReply,
  resumeMessage,
  ipfixBridgeRequest,
  ipfixBridgeReply,
  ipfixFlowRequest,
  ipfixFlowReply,
  ctFlushZoneMessage,
  ctFlushMessage,
];
