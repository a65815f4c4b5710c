/** The switch that tests of explanations ask: br0 with p1, p2, p3 (VLAN 10) and a patch port into br1. */
export const BRIDGES = `ovs-vsctl add-br br0 -- set bridge br0 datapath_type=dummy fail_mode=secure \\
  -- add-port br0 p1 -- set interface p1 type=dummy ofport_request=1 \\
  -- add-port br0 p2 -- set interface p2 type=dummy ofport_request=2 \\
  -- add-port br0 p3 tag=10 -- set interface p3 type=dummy ofport_request=3 \\
  -- set port p1 trunks=1 -- set port p2 trunks=1,2 \\
  -- add-port br0 patch0 -- set interface patch0 type=patch options:peer=patch1 ofport_request=4 \\
  -- set port patch0 trunks=2 \\
  -- add-br br1 -- set bridge br1 datapath_type=dummy fail_mode=secure \\
  -- add-port br1 patch1 -- set interface patch1 type=patch options:peer=patch0 ofport_request=1 \\
  -- set port br0 trunks=2`;

// biome-ignore lint/suspicious/noControlCharactersInRegex: colour codes begin with one
export const plain = (text: string): string => text.replace(/\u001b\[\d+m/g, '');
