/** FTP and TFTP sessions frame by frame, each with the port (the pipeline) by which a frame comes in. */
import { eth, type PacketBuilder } from '../../support/packet-builder.js';
import { natTo, type Pipeline } from './real-tracker.js';

export interface FileTransfer {
  readonly name: string;
  readonly pipelines: readonly Pipeline[];
  readonly frames: readonly (readonly [port: number, frame: Uint8Array])[];
}

const SYN = 0x02;
const SYN_ACK = 0x12;
const ACK = 0x10;
const PSH = 0x18;

type Family = (source: string, destination: string) => PacketBuilder;
const v4: Family = (source, destination) => eth().ipv4(source, destination);
const v6: Family = (source, destination) => eth().ipv6(source, destination);

function segment(
  family: Family,
  [source, sourcePort]: readonly [string, number],
  [destination, destinationPort]: readonly [string, number],
  flags: number,
  [sequence, acknowledgement]: readonly [number, number],
  text = '',
): Uint8Array {
  return family(source, destination)
    .tcp(sourcePort, destinationPort, { flags, sequence, acknowledgement, window: 1000 })
    .payload(text)
    .bytes();
}

/**
 * A control connection with one announcement in it and what follows on both. `seen` is how the server sees the client,
 * or, with destination NAT, `reached` how the client sees the server.
 */
function control(
  family: Family,
  ends: { client: string; server: string; seen?: string; reached?: string },
  commitPort: number,
  replyPort: number,
  announcement: { from: 'client' | 'server'; text: string; growth: number },
  data: {
    from: readonly [string, number];
    to: readonly [string, number];
    port: number;
    replyTo: readonly [string, number];
  },
): FileTransfer['frames'] {
  const client = [ends.client, 40000] as const;
  const seen = [ends.seen ?? ends.client, 40000] as const;
  const server = [ends.server, 21] as const;
  const reached = [ends.reached ?? ends.server, 21] as const;
  const { text, growth } = announcement;
  const size = text.length;
  const toServer = (flags: number, numbers: readonly [number, number], payload = ''): [number, Uint8Array] => [
    commitPort,
    segment(family, client, reached, flags, numbers, payload),
  ];
  const toClient = (flags: number, numbers: readonly [number, number], payload = ''): [number, Uint8Array] => [
    replyPort,
    segment(family, server, seen, flags, numbers, payload),
  ];
  const opening = [toServer(SYN, [100, 0]), toClient(SYN_ACK, [500, 101]), toServer(ACK, [101, 501])];
  const talk =
    announcement.from === 'client'
      ? [
          toServer(PSH, [101, 501], text),
          toClient(PSH, [501, 101 + size + growth], '200 ok\r\n'),
          toServer(PSH, [101 + size, 509], 'NOOP\r\n'),
          toClient(ACK, [509, 107 + size + growth]),
        ]
      : [
          toClient(PSH, [501, 101], text),
          toServer(PSH, [101, 501 + size + growth], 'NOOP\r\n'),
          toClient(PSH, [501 + size, 107], '200 ok\r\n'),
          toServer(ACK, [107, 509 + size + growth]),
        ];
  return [
    ...opening,
    ...talk,
    [data.port, segment(family, data.from, data.to, SYN, [9000, 0])],
    [data.port === replyPort ? commitPort : replyPort, segment(family, data.to, data.replyTo, SYN_ACK, [7000, 9001])],
    [data.port, segment(family, data.from, data.to, ACK, [9001, 7001])],
  ];
}

const CLIENT = '10.1.0.1';
const SERVER = '10.1.0.11';
const plain: readonly Pipeline[] = [[{ zone: 2, commit: true, helper: 'ftp' }], [{ zone: 2, commit: true }]];
const source: readonly Pipeline[] = [
  [{ zone: 1, commit: true, helper: 'ftp', nat: natTo('source', '10.1.0.200') }],
  [{ zone: 1, commit: true, nat: natTo('source', '10.1.0.200'), mark: { value: 7, mask: 0xff } }],
];
const destination: readonly Pipeline[] = [
  [{ zone: 1, commit: true, helper: 'ftp', nat: natTo('destination', SERVER) }],
  [{ zone: 1, commit: true, nat: natTo('destination', SERVER) }],
];
const source6: readonly Pipeline[] = [
  [{ zone: 4, commit: true, helper: 'ftp', nat: natTo('source', 'fc00::200') }],
  [{ zone: 4, commit: true, nat: natTo('source', 'fc00::200') }],
];
const C6 = 'fc00::1';
const S6 = 'fc00::11';

export const FILE_TRANSFERS: readonly FileTransfer[] = [
  {
    name: 'active FTP',
    pipelines: plain,
    frames: control(
      v4,
      { client: CLIENT, server: SERVER },
      1,
      2,
      { from: 'client', text: 'PORT 10,1,0,1,156,65\r\n', growth: 0 },
      {
        from: [SERVER, 20],
        to: [CLIENT, 156 * 256 + 65],
        port: 2,
        replyTo: [SERVER, 20],
      },
    ),
  },
  {
    name: 'passive FTP',
    pipelines: plain,
    frames: control(
      v4,
      { client: CLIENT, server: SERVER },
      1,
      2,
      { from: 'server', text: '227 Entering Passive Mode (10,1,0,11,100,1)\r\n', growth: 0 },
      {
        from: [CLIENT, 40001],
        to: [SERVER, 25601],
        port: 1,
        replyTo: [CLIENT, 40001],
      },
    ),
  },
  {
    name: 'active FTP behind source NAT',
    pipelines: source,
    frames: control(
      v4,
      { client: CLIENT, server: SERVER, seen: '10.1.0.200' },
      1,
      2,
      { from: 'client', text: 'PORT 10,1,0,1,156,65\r\n', growth: 2 },
      {
        from: [SERVER, 20],
        to: ['10.1.0.200', 156 * 256 + 65],
        port: 2,
        replyTo: [SERVER, 20],
      },
    ),
  },
  {
    name: 'passive FTP behind source NAT',
    pipelines: source,
    frames: control(
      v4,
      { client: CLIENT, server: SERVER, seen: '10.1.0.200' },
      1,
      2,
      { from: 'server', text: '227 =10,1,0,11,100,1\r\n', growth: 0 },
      {
        from: [CLIENT, 40001],
        to: [SERVER, 25601],
        port: 1,
        replyTo: ['10.1.0.200', 40001],
      },
    ),
  },
  {
    name: 'passive FTP behind destination NAT',
    pipelines: destination,
    frames: control(
      v4,
      { client: CLIENT, server: SERVER, reached: '10.1.0.250' },
      1,
      2,
      { from: 'server', text: '227 Entering Passive Mode (10,1,0,11,100,1).\r\n', growth: 1 },
      {
        from: [CLIENT, 40001],
        to: ['10.1.0.250', 25601],
        port: 1,
        replyTo: [CLIENT, 40001],
      },
    ),
  },
  {
    name: 'active FTP over IPv6 behind source NAT',
    pipelines: source6,
    frames: control(
      v6,
      { client: C6, server: S6, seen: 'fc00::200' },
      1,
      2,
      { from: 'client', text: 'EPRT |2|fc00::1|40001|\r\n', growth: 2 },
      {
        from: [S6, 20],
        to: ['fc00::200', 40001],
        port: 2,
        replyTo: [S6, 20],
      },
    ),
  },
  {
    name: 'passive FTP over IPv6',
    pipelines: plain,
    frames: control(
      v6,
      { client: C6, server: S6 },
      1,
      2,
      { from: 'server', text: '229 Entering Extended Passive Mode (|||25601|)\r\n', growth: 0 },
      {
        from: [C6, 40001],
        to: [S6, 25601],
        port: 1,
        replyTo: [C6, 40001],
      },
    ),
  },
  {
    name: 'FTP with an address that is not its own',
    pipelines: plain,
    frames: control(
      v4,
      { client: CLIENT, server: SERVER },
      1,
      2,
      { from: 'client', text: 'PORT 10,1,0,99,156,65\r\n', growth: 0 },
      {
        from: [SERVER, 20],
        to: [CLIENT, 156 * 256 + 65],
        port: 2,
        replyTo: [SERVER, 20],
      },
    ),
  },
  ...[
    'PORT 10,1,0,1,256,1\r\n',
    'PORT x\r\n',
    'port  10,1,0,1,1,1 \r\n',
    'PORT10,1,0,1,1,1\r\n',
    'PORT 10,1,0,01,1,1\r\n',
    'PORT 10,1,0,1,1;1\r\n',
  ].map(
    (text): FileTransfer => ({
      name: `FTP's ${text.trim()}`,
      pipelines: plain,
      frames: control(
        v4,
        { client: CLIENT, server: SERVER },
        1,
        2,
        { from: 'client', text, growth: 0 },
        {
          from: [SERVER, 20],
          to: [CLIENT, 257],
          port: 2,
          replyTo: [SERVER, 20],
        },
      ),
    }),
  ),
  {
    name: 'TFTP',
    pipelines: [[{ zone: 3, commit: true, helper: 'tftp' }], [{ zone: 3, commit: true }]],
    frames: [
      [1, v4(CLIENT, SERVER).udp(40000, 69).payload('read').bytes()],
      [2, v4(SERVER, CLIENT).udp(3000, 40000).payload('data').bytes()],
      [1, v4(CLIENT, SERVER).udp(40000, 3000).payload('ack').bytes()],
    ],
  },
];
