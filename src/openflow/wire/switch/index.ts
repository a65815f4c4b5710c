/** The messages about the switch itself: greetings, settings, ports, tables, queues, roles. */
import type { AnyMessageKind } from '../message-kind.js';
import { barrierReply, barrierRequest } from './barrier.js';
import { getConfigReply, getConfigRequest, setConfig } from './config.js';
import { descReply, descRequest } from './desc.js';
import { echoReply, echoRequest } from './echo.js';
import { error } from './error.js';
import { hello } from './hello.js';
import { flowAge, flowModTableId, setControllerId, setFlowFormat, setPacketInFormat } from './nicira-settings.js';
import { roleReply, roleRequest } from './role.js';
import { roleStatus } from './role-status.js';

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
];
