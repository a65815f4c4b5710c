/** The messages about the switch itself: greetings, settings, ports, tables, queues, roles. */
import type { AnyMessageKind } from '../message-kind.js';
import { getAsyncReply, getAsyncRequest, setAsync } from './async-config.js';
import { barrierReply, barrierRequest } from './barrier.js';
import { getConfigReply, getConfigRequest, setConfig } from './config.js';
import { descReply, descRequest } from './desc.js';
import { echoReply, echoRequest } from './echo.js';
import { error } from './error.js';
import { hello } from './hello.js';
import { featuresReply, featuresRequest } from './features.js';
import { flowAge, flowModTableId, setControllerId, setFlowFormat, setPacketInFormat } from './nicira-settings.js';
import { portDescReply, portDescRequest } from './port-desc.js';
import { portMod } from './port-mod.js';
import { portStatsReply, portStatsRequest } from './port-stats.js';
import { portStatus } from './port-status.js';
import { queueGetConfigReply, queueGetConfigRequest } from './queue-config.js';
import { queueStatsReply, queueStatsRequest } from './queue-stats.js';
import { roleReply, roleRequest } from './role.js';
import { roleStatus } from './role-status.js';
import { tableDescReply, tableDescRequest, tableStatus } from './table-desc.js';
import { tableFeaturesReply, tableFeaturesRequest } from './table-features.js';
import { tableMod } from './table-mod.js';
import { tableStatsReply, tableStatsRequest } from './table-stats.js';

export const SWITCH_MESSAGES: readonly AnyMessageKind[] = [
  hello,
  error,
  echoRequest,
  echoReply,
  getConfigRequest,
  getConfigReply,
  setConfig,
  barrierRequest,
  barrierReply,
  roleRequest,
  roleReply,
  roleStatus,
  descRequest,
  descReply,
  setFlowFormat,
  flowModTableId,
  setPacketInFormat,
  setControllerId,
  flowAge,
  featuresRequest,
  featuresReply,
  getAsyncRequest,
  getAsyncReply,
  setAsync,
  portStatus,
  portMod,
  portDescRequest,
  portDescReply,
  portStatsRequest,
  portStatsReply,
  queueGetConfigRequest,
  queueGetConfigReply,
  queueStatsRequest,
  queueStatsReply,
  tableMod,
  tableStatus,
  tableDescRequest,
  tableDescReply,
  tableFeaturesRequest,
  tableFeaturesReply,
  tableStatsRequest,
  tableStatsReply,
];
