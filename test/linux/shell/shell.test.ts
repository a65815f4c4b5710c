// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are a shell's
import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { parse } from 'just-bash';
import { describe, expect, test } from 'vitest';
import { INTERRUPTED, isIncomplete, type TypedLine } from '#src/linux/shell/interactive.js';
import { failed, printed } from '#src/linux/command/command.js';
import { UserError } from '#src/report/user-error.js';
import { freshShell, scratchFolder } from '../shell-network.js';

const out = async (script: string): Promise<string> => (await freshShell().run(script)).stdout;

test('output that is heard need not be kept', async () => {
  const heard: string[] = [];
  const output = await freshShell().run('echo a; echo b >&2; exit 3', {
    onOutput: (stream, bytes) => heard.push(`${stream} ${Buffer.from(bytes)}`),
    keepsOutput: false,
  });
  expect([heard, output]).toEqual([['stdout a\n', 'stderr b\n'], { stdout: '', stderr: '', exitCode: 3 }]);
});

describe('the language', () => {
  test.each([
    ['loops', 'for i in 1 2 3; do echo "n $i"; done', 'n 1\nn 2\nn 3\n'],
    ['pipes', 'printf "b\\na\\n" | sort | sed s/^/x/', 'xa\nxb\n'],
    ['functions', 'f() { echo "$1-$2"; return 3; }; f a b; echo $?', 'a-b\n3\n'],
    ['here-documents into a pipe', 'cat <<EOF | tr a-z A-Z\nabc\n  def\nEOF', 'ABC\n  DEF\n'],
    ['command substitution of a here-document', 'x=$(cat <<EOF\nabc\nEOF\n); echo "[$x]"', '[abc]\n'],
    ['redirections', 'echo one > /tmp/f; echo two >> /tmp/f; grep -c o < /tmp/f; cat nope 2>&1 | wc -l', '2\n1\n'],
    ['awk', "ip -br link | awk '{ print $1, $2 }'", 'lo UNKNOWN\n'],
    ['a list that fails under -e', 'set -e; false && true; echo alive', 'alive\n'],
    ['exit in the midst of it', 'echo a; { echo b; exit 4; }; echo c', 'a\nb\n'],
    ['break and continue', 'for i in 1 2 3 4; do [ $i = 2 ] && continue; [ $i = 4 ] && break; echo $i; done', '1\n3\n'],
    [
      'a nested shell that is caught',
      'x=$(bash -c "echo in"); echo "got $x"; bash -c "echo p" | tr p q',
      'got in\nq\n',
    ],
    ['eval and source', 'echo "y=7" > /tmp/s; . /tmp/s; eval "echo $y" | cat', '7\n'],
    ['read from a here-string', 'read a b <<< "1 2 3"; echo "$b"', '2 3\n'],
    ['PIPESTATUS', 'true | false | true; echo ${PIPESTATUS[@]}', '0 1 0\n'],
    ['other characters', 'echo "grün €" | cat', 'grün €\n'],
    [
      'a command in parameters',
      'f() { "$@" end; }; f echo a "b  c" "it\'s"; f printf "[%s]" ""',
      "a b  c it's end\n[][end]",
    ],
    [
      'a command in a variable',
      'c="echo a"; $c b; e=; $e; echo $?; a=(echo "x  y"); "${a[@]}" > /tmp/o; cat /tmp/o',
      'a b\n0\nx  y\n',
    ],
    [
      'a function and a failure in parameters',
      'g() { return 4; }; f() { "$@"; }; f g; echo $?; if f false; then echo no; fi',
      '4\n',
    ],
    ['the null device', 'echo a > /dev/null; echo b', 'b\n'],
  ])('%s', async (_, script, expected) => {
    expect(await out(script)).toBe(expected);
  });

  test('the exit code is the last command’s; a failing command ends the script only under -e', async () => {
    expect(await freshShell().run('false; echo on')).toEqual({ stdout: 'on\n', stderr: '', exitCode: 0 });
    expect(await freshShell().run('false; echo on', { errexit: true })).toEqual({
      stdout: '',
      stderr: '',
      exitCode: 1,
    });
    expect((await freshShell().run('exit 9')).exitCode).toBe(9);
    expect((await freshShell().run('nosuch')).exitCode).toBe(127);
  });

  test('a script that is no script runs not at all', async () => {
    const { stdout, stderr, exitCode } = await freshShell().run('echo one\nif\n');
    expect([stdout, exitCode]).toEqual(['', 2]);
    expect(stderr).toMatch(/^bash: syntax error/);
  });

  test('an unset variable under set -u is an error', async () => {
    const { stdout, stderr, exitCode } = await freshShell().run('set -u; echo $nope; echo after');
    expect([stdout, stderr, exitCode]).toEqual(['', 'bash: nope: unbound variable\n', 1]);
  });

  test('positional parameters and standard input', async () => {
    const { stdout } = await freshShell().run('echo "$2"; cat', { args: ['a', "it's b"], stdin: 'typed\n' });
    expect(stdout).toBe("it's b\ntyped\n");
  });

  test('the same seed gives the same random numbers', async () => {
    const draw = (seed: number) =>
      freshShell({}, seed).run(
        'f() { echo $RANDOM; }; f; echo ${RANDOM} $((RANDOM % 1000)) "$RANDOM" $(bash -c "echo \\$RANDOM"); x=$RANDOM; echo $((x + $RANDOM)); ((y = RANDOM)); echo $y; sleep 3; echo $SECONDS',
      );
    expect((await draw(1)).stdout).toMatch(/^(\d+\s){7}3\n$/);
    expect(await draw(1)).toEqual(await draw(1));
    expect(await draw(1)).not.toEqual(await draw(2));
  });
});

describe('output', () => {
  test('comes as the script runs, both streams in order', async () => {
    const heard: string[] = [];
    await freshShell().run('echo a; echo b >&2; for i in 1 2; do echo $i; ls /no$i; done; echo c', {
      onOutput: (stream, bytes) => heard.push(`${stream} ${Buffer.from(bytes)}`),
    });
    expect(heard).toEqual([
      'stdout a\n',
      'stderr b\n',
      'stdout 1\n',
      'stderr ls: /no1: No such file or directory\n',
      'stdout 2\n',
      'stderr ls: /no2: No such file or directory\n',
      'stdout c\n',
    ]);
  });
});

describe('commands', () => {
  test('sleep moves the clock, nothing else does', async () => {
    const shell = freshShell();
    await shell.run('echo; ip addr; ovs-vsctl show');
    expect(shell.machine.scheduler.nowNs()).toBe(0);
    await shell.run('sleep 1.5; sleep 1m 2s');
    expect(shell.machine.scheduler.nowNs()).toBe(63.5e9);
    expect((await shell.run('date +%s')).stdout).toBe('63\n');
  });

  test.each([
    ['sleep', 'sleep: missing operand'],
    ['sleep x', "sleep: invalid time interval 'x'"],
    ['sleep infinity', 'sleep: infinity never ends in virtual time'],
    ['sleep 1e99', 'sleep: at most'],
  ])('%s', async (script, message) => {
    const { stderr, exitCode } = await freshShell().run(script);
    expect(exitCode).toBe(1);
    expect(stderr.startsWith(message)).toBe(true);
  });

  test('hostname', async () => {
    expect(await out('hostname; hostname other; hostname; hostname -x; hostname _bad; whoami')).toBe(
      'host\nother\nroot\n',
    );
  });

  test('one that is given takes the place of the machine’s; errors of the user’s are told, others do not end the shell', async () => {
    const shell = freshShell({
      commands: [
        { name: 'ping', run: (args) => printed(`ours ${args.join(',')}\n`) },
        { name: 'asks', run: async (_, { stdin }) => failed(`<${stdin.trim()}>`, 5) },
        {
          name: 'wrong',
          run: () => {
            throw new UserError('no', { file: 'f', line: 2 });
          },
        },
        {
          name: 'broken',
          run: () => {
            throw new Error('bug');
          },
        },
      ],
    });
    const { stdout, stderr } = await shell.run('ping 1 2; echo ü | asks; echo $?; wrong; broken; echo $?');
    expect(stdout).toBe('ours 1,2\n5\n70\n');
    expect(stderr).toContain('<ü>wrong: f:2: no\nbroken: internal error');
  });

  test('a bridge, a rule, a frame', async () => {
    const { stdout, stderr } = await freshShell().run(`
      ovs-vsctl add-br br0 -- set bridge br0 datapath_type=dummy fail_mode=secure
      for i in 1 2; do ovs-vsctl add-port br0 p$i -- set interface p$i type=dummy ofport_request=$i; done
      ovs-ofctl add-flows br0 - <<EOF
in_port=1,actions=output:2
EOF
      ovs-appctl netdev-dummy/receive p1 ffffffffffff0200000000010800
      ovs-ofctl dump-ports br0 p2 | sed -n 3p`);
    expect(stderr).toBe('');
    expect(stdout).toMatch(/tx pkts=1, bytes=\d+/);
  });
});

describe('files', () => {
  test('the mounted folder is the disk’s at its own path, and nothing else of the disk is there', async () => {
    const folder = scratchFolder();
    writeFileSync(path.join(folder, 'in.txt'), 'from the disk\n');
    const shell = freshShell({ mount: folder });
    const { stdout, stderr } = await shell.run(
      'pwd; cat in.txt; echo new > out.txt; mkdir d; ls /usr /home; cat /etc/passwd',
    );
    expect(stdout).toBe(`${folder}\nfrom the disk\n`);
    expect(stderr.split('\n')).toHaveLength(4);
    expect(readFileSync(path.join(folder, 'out.txt'), 'utf8')).toBe('new\n');
    expect(existsSync(path.join(folder, 'd'))).toBe(true);
  });

  test('a link out of the folder leads nowhere', async () => {
    const folder = scratchFolder();
    const elsewhere = scratchFolder();
    writeFileSync(path.join(elsewhere, 'secret'), 'secret');
    symlinkSync(elsewhere, path.join(folder, 'way-out'));
    symlinkSync(path.join(elsewhere, 'target'), path.join(folder, 'p1.pcap'));
    const shell = freshShell({ mount: folder });
    const { stdout, stderr } = await shell.run('cat way-out/secret; echo x > way-out/new; echo y > p1.pcap');
    expect(stdout).toBe('');
    expect(stderr).not.toBe('');
    shell.machine.files.append('p1.pcap', new Uint8Array(1));
    shell.machine.files.append('way-out/p2.pcap', new Uint8Array(1));
    expect((await shell.run('true')).stderr.match(/cannot write/g)).toHaveLength(2);
    expect(existsSync(path.join(elsewhere, 'target'))).toBe(false);
    expect(existsSync(path.join(elsewhere, 'p2.pcap'))).toBe(false);
    expect(existsSync(path.join(elsewhere, 'new'))).toBe(false);
  });

  test('a read-only folder is not written', async () => {
    const folder = scratchFolder();
    mkdirSync(path.join(folder, 'd'));
    writeFileSync(path.join(folder, 'a'), 'a\n');
    const shell = freshShell({ mount: folder, readOnly: true });
    const { stdout, exitCode } = await shell.run('cat a; ls; echo x > b');
    expect([stdout, exitCode]).toEqual(['a\na\nd\n', 1]);
    expect(existsSync(path.join(folder, 'b'))).toBe(false);
  });

  test('captures of the switch begin anew and grow, on the disk and in memory', async () => {
    const folder = scratchFolder();
    writeFileSync(path.join(folder, 'x.pcap'), 'old');
    const shell = freshShell({ mount: folder });
    for (const name of ['x.pcap', '/tmp/y.pcap']) {
      shell.machine.files.append(name, Buffer.from('one '));
      shell.machine.files.append(name, Buffer.from('two'));
    }
    expect((await shell.run('cat x.pcap /tmp/y.pcap')).stdout).toBe('one twoone two');
  });
});

describe('namespaces', () => {
  test('a veth pair into a namespace, and a ping through it', async () => {
    const { stdout, stderr } = await freshShell().run(`
      ip netns add red
      ip link add v0 type veth peer name v1
      ip link set v1 netns red
      ip addr add 10.0.0.1/24 dev v0; ip link set v0 up
      ip netns exec red ip addr add 10.0.0.2/24 dev v1; ip -n red link set v1 up
      ping -c1 10.0.0.2 | sed -n 2p
      ip netns exec red bash -c 'hostname; ping -c1 10.0.0.1 | tail -n +4 | head -n 2'
      ip netns exec blue true; echo $?
      ip netns`);
    expect(stderr).toBe('Cannot open network namespace "blue": No such file or directory\n');
    expect(stdout).toBe(
      '64 bytes from 10.0.0.2: icmp_seq=1 ttl=64 time=0.000 ms\nhost\n--- 10.0.0.1 ping statistics ---\n' +
        '1 packets transmitted, 1 received, 0% packet loss, time 0ms\n255\nred\n',
    );
  });
});

describe('typing', () => {
  test.each([
    ['echo a', false],
    ['for i in 1 2; do', true],
    ['while true; do', true],
    ['if true; then', true],
    ['f() {', true],
    ['echo "abc', true],
    ['echo a \\', true],
    ['echo a &&', true],
    ['cat <<EOF\nabc', true],
    ['cat <<EOF\nabc\nEOF', false],
    ['fi', false],
    ['echo a;;', false],
  ])('%j goes on: %s', (text, expected) => {
    expect(isIncomplete(text, parse)).toBe(expected);
  });

  test('variables, functions, the directory and $? live on from line to line', async () => {
    const shell = freshShell();
    const lines: (string | null)[] = [
      'x=5; f() { echo "f $x"; }',
      'cd /tmp',
      'for i in 1 2; do',
      'f; done',
      'false',
      'echo $?',
      'exit 7',
    ];
    const prompts: string[] = [];
    let heard = '';
    const exitCode = await shell.interact(
      async (prompt) => {
        prompts.push(prompt);
        return lines.shift() ?? null;
      },
      (_, bytes) => {
        heard += Buffer.from(bytes).toString();
      },
    );
    expect([heard, exitCode]).toEqual(['f 5\nf 5\n1\n', 7]);
    expect(prompts).toEqual([
      'root@host:~# ',
      'root@host:~# ',
      'root@host:/tmp# ',
      '> ',
      'root@host:/tmp# ',
      'root@host:/tmp# ',
      'root@host:/tmp# ',
    ]);
  });

  test('^C gives up all lines of a command that is not whole, with status 130', async () => {
    const lines: TypedLine[] = ['echo no; if true; then', INTERRUPTED, 'echo $?', INTERRUPTED, 'echo $?'];
    let heard = '';
    await freshShell().interact(
      async () => lines.shift() ?? null,
      (_, bytes) => {
        heard += Buffer.from(bytes).toString();
      },
    );
    expect(heard).toBe('130\n130\n');
  });

  test('the end of input ends it with the last status', async () => {
    const lines: (string | null)[] = ['false', null];
    expect(
      await freshShell().interact(
        async () => lines.shift() ?? null,
        () => {},
      ),
    ).toBe(1);
  });
});
