/** The floors and rooms: a lower one never imports from a higher one, and nothing imports in a circle. */
const rooms = [
  'report',
  'sim',
  'capture',
  'ovsdb',
  'openflow',
  'vswitchd',
  'linux',
  'explain',
  'neutron',
  'scenario',
  'replay',
  'daemon',
  'cli',
];
module.exports = {
  forbidden: [
    {
      name: 'no-circle',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    {
      name: 'flowtable-is-the-ground',
      severity: 'error',
      from: { path: '^flowtable/' },
      to: { path: '^(datapath|src|bench|test)/' },
    },
    {
      name: 'datapath-below-userspace',
      severity: 'error',
      from: { path: '^datapath/' },
      to: { path: '^(src|bench|test)/' },
    },
    {
      name: 'lower-floors-have-no-dependency',
      severity: 'error',
      from: { path: '^(flowtable|datapath)/' },
      to: { pathNot: '^(flowtable|datapath|src|bench|test)/' },
    },
    {
      name: 'every-import-leads-somewhere',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
    {
      name: 'bench-only-from-cli',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/cli/bench\\.ts$' },
      to: { path: '^bench/' },
    },
    ...rooms
      .map((room, index) => ({
        name: `room-${room}`,
        severity: 'error',
        from: { path: `^src/${room}/` },
        to: { path: rooms.slice(index + 1).map((higher) => `^src/${higher}/`) },
      }))
      .filter((rule) => rule.to.path.length > 0),
  ],
  options: {
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    doNotFollow: { path: 'node_modules' },
    webpackConfig: { fileName: '.dependency-cruiser.resolve.cjs' },
  },
};
