import { afterEach, describe, expect, test } from 'bun:test'
import { ptr } from 'bun:ffi'
import { readFileSync } from 'node:fs'
import type { Binds } from '../../../../server/lib/bind.ts'
import { libc } from '../../../../server/lib/native.ts'
import { bindUdp } from '../../../../server/lib/bind-fd.ts'
import { closeFds } from '../../../../server/lib/pass-fds.ts'
import { socketInodes } from '../../../../server/lib/tcp-table.ts'
import { UdpSockets } from '../../../../server/control/sockets/udp-sockets.ts'

type Listeners = Record<string, Binds>

const opened: UdpSockets[] = []
const taken: number[] = []
afterEach(() => {
  for (const sockets of opened.splice(0)) sockets.close()
  closeFds(taken.splice(0))
})

function makeSockets(isEnding: () => boolean = () => false): UdpSockets {
  const sockets = new UdpSockets({ isEnding })
  opened.push(sockets)
  return sockets
}

const turn = (bind: string, more: Partial<Binds> = {}): Binds => ({
  bind,
  transports: ['udp', 'tcp'],
  ...more,
})

async function open(sockets: UdpSockets, listeners: Listeners): Promise<void> {
  expect(await sockets.stage(listeners, {})).toEqual([])
  sockets.commit()
}

/** A port that another program has. */
function occupy(host = '127.0.0.1'): number {
  const socket = bindUdp(host, 0)
  taken.push(socket.fd)
  return socket.port
}

const isFree = (port: number, host = '127.0.0.1'): boolean => {
  try {
    closeFds([bindUdp(host, port).fd])
    return true
  } catch {
    return false
  }
}

const portOf = (sockets: UdpSockets, key = 'turn#0'): number =>
  sockets.sockets.find((socket) => socket.key === key)?.port ?? -1
const fdOf = (sockets: UdpSockets, key = 'turn#0'): number =>
  sockets.sockets.find((socket) => socket.key === key)?.fd ?? -1

/**
 * Counts sockets from here on: those that listen for UDP and that this process did not have yet. Not all
 * descriptors: whatever else runs here has some, too.
 */
function countSockets(): () => number {
  const before = listeningUdp()
  return () => listeningUdp().filter((inode) => !before.includes(inode)).length
}

function listeningUdp(): string[] {
  const ours = socketInodes(process.pid)
  const rows = ['udp', 'udp6'].flatMap((name) =>
    readFileSync(`/proc/net/${name}`, 'utf8').split('\n').slice(1),
  )
  const words = rows.map((row) => row.trim().split(/\s+/))
  // The resolver's sockets are connected.
  const isListening = (remote = ''): boolean => /^0+:0+$/.test(remote)
  return words.flatMap(({ 2: remote, 9: inode }) =>
    inode && ours.has(inode) && isListening(remote) ? inode : [],
  )
}

describe.if(process.platform === 'linux')('the UDP sockets of turn listeners', () => {
  test('port 0 is resolved once, and stays from plan to plan', async () => {
    const sockets = makeSockets()
    const listeners = { turn: turn('127.0.0.1:0') }
    await open(sockets, listeners)
    const [before] = sockets.sockets
    expect(before?.port).toBeGreaterThan(0)
    expect(sockets.addresses(listeners)).toEqual({ turn: `127.0.0.1:${before!.port}` })
    await open(sockets, { ...listeners, more: turn('127.0.0.1:0') })
    expect(sockets.sockets[0]).toBe(before!)
    expect(sockets.sockets).toHaveLength(2)
  })

  test('where any port will do it takes that of TCP, or another when that one is taken', async () => {
    const sockets = makeSockets()
    const free = occupy()
    closeFds(taken.splice(0))
    const listeners = { turn: turn('127.0.0.1:0') }
    await sockets.stage(listeners, { turn: free })
    expect(portOf(sockets)).toBe(free)
    const used = occupy()
    await sockets.stage(listeners, { turn: used })
    expect(portOf(sockets)).toBeGreaterThan(0)
    expect(portOf(sockets)).not.toBe(used)
  })

  test('every address: a socket for each family, on one port, shown as it is written', async () => {
    const sockets = makeSockets()
    const listeners = { turn: turn(':0') }
    await open(sockets, listeners)
    expect(sockets.sockets.map(({ key, host }) => `${key} ${host}`)).toEqual([
      'turn#0 0.0.0.0',
      'turn#0v6 ::',
    ])
    expect(portOf(sockets, 'turn#0v6')).toBe(portOf(sockets))
    expect(sockets.addresses(listeners)).toEqual({ turn: `[::]:${portOf(sockets)}` })
  })

  test('behaviour discovery: two addresses on two ports', async () => {
    const sockets = makeSockets()
    await open(sockets, { turn: turn('127.0.0.1:0', { discovery: '127.0.0.2:0' }) })
    const [a, b, c, d] = sockets.sockets
    expect([a?.host, b?.host, c?.host, d?.host]).toEqual(['127.0.0.1', '127.0.0.1', '127.0.0.2', '127.0.0.2'])
    expect(c?.port).toBe(a!.port)
    expect(d?.port).toBe(b!.port)
    expect(b?.port).not.toBe(a!.port)
  })

  test('a port that another program has is a problem of its place; nothing stays open', async () => {
    const port = occupy()
    const sockets = makeSockets()
    const more = countSockets()
    const problems = await sockets.stage(
      {
        a: turn('127.0.0.1:0'),
        b: turn(`127.0.0.1:${port}`),
        c: turn('127.0.0.1:0', { discovery: `127.0.0.1:${port}` }),
        d: turn('192.0.2.1:0'),
        e: turn('nowhere.invalid:0'),
      },
      {},
    )
    expect(problems.map(({ path, code }) => `${path} ${code}`)).toEqual([
      'listeners.b.bind EADDRINUSE',
      'listeners.c.discovery EADDRINUSE',
      'listeners.d.bind EADDRNOTAVAIL',
      'listeners.e.bind ENOTFOUND',
    ])
    expect(problems[0]?.message).toMatch(
      new RegExp(
        `^cannot listen on UDP 127\\.0\\.0\\.1:${port}: .+ \\(process ${process.pid}\\) has this port`,
      ),
    )
    expect(more()).toBe(0)
    expect(sockets.sockets).toEqual([])
  })

  test('dropping closes what was opened and keeps what was open', async () => {
    const sockets = makeSockets()
    const listeners = { turn: turn('127.0.0.1:0') }
    await open(sockets, listeners)
    const [before] = sockets.sockets
    const more = countSockets()
    await sockets.stage({ turn: turn('127.0.0.2:0'), more: turn('127.0.0.1:0') }, {})
    expect(more()).toBe(2)
    sockets.drop()
    expect(more()).toBe(0)
    expect(sockets.sockets).toEqual([before!])
  })

  test('one that is no longer named is closed at commit, and its port is free', async () => {
    const sockets = makeSockets()
    await open(sockets, { turn: turn('127.0.0.1:0'), gone: turn('127.0.0.1:0') })
    const port = portOf(sockets, 'gone#0')
    await sockets.stage({ turn: turn('127.0.0.1:0') }, {})
    expect(isFree(port)).toBe(false)
    sockets.commit()
    expect(isFree(port)).toBe(true)
    expect(sockets.sockets).toHaveLength(1)
  })

  test('a listener may move to every address of its own port, and back', async () => {
    const sockets = makeSockets()
    await open(sockets, { turn: turn('127.0.0.1:0') })
    const port = portOf(sockets)
    await open(sockets, { turn: turn(`0.0.0.0:${port}`) })
    expect(sockets.sockets.map(({ host }) => host)).toEqual(['0.0.0.0'])
    expect(isFree(port)).toBe(false)
    await open(sockets, { turn: turn(`127.0.0.1:${port}`) })
    expect(isFree(port, '127.0.0.2')).toBe(true)
  })

  test('a listener with another name goes on with the same socket, and two may swap', async () => {
    const sockets = makeSockets()
    await open(sockets, { a: turn('127.0.0.1:0'), b: turn('127.0.0.1:0') })
    const [a, b] = [portOf(sockets, 'a#0'), portOf(sockets, 'b#0')]
    const sender = await Bun.udpSocket({ hostname: '127.0.0.1' })
    sender.send('kept', a, '127.0.0.1')
    const more = countSockets()
    await open(sockets, { a: turn(`127.0.0.1:${b}`), b: turn(`127.0.0.1:${a}`) })
    expect([portOf(sockets, 'a#0'), portOf(sockets, 'b#0')]).toEqual([b, a])
    await open(sockets, { c: turn(`127.0.0.1:${a}`) })
    expect(more()).toBe(0)
    expect(isFree(b)).toBe(true)
    expect(portOf(sockets, 'c#0')).toBe(a)
    expect(received(fdOf(sockets, 'c#0'))).toBe('kept')
    sender.close()
  })

  test('host names are resolved', async () => {
    const sockets = makeSockets()
    const listeners = { turn: turn('localhost:0') }
    await open(sockets, listeners)
    expect(['127.0.0.1', '::1']).toContain(sockets.sockets[0]!.host)
    expect(sockets.addresses(listeners)['turn']).toBe(`localhost:${portOf(sockets)}`)
    const [before] = sockets.sockets
    await open(sockets, listeners)
    expect(sockets.sockets[0]).toBe(before!)
  })

  test('a port that the relay of a killed supervisor has is waited for, but not long', async () => {
    const port = occupy()
    let asked = 0
    const sockets = makeSockets(() => {
      if (++asked === 4) closeFds(taken.splice(0))
      return asked < 5
    })
    await open(sockets, { turn: turn(`127.0.0.1:${port}`) })
    expect(portOf(sockets)).toBe(port)
    expect(asked).toBeGreaterThanOrEqual(4)
    const other = occupy()
    const [problem] = await makeSockets(() => true).stage({ turn: turn(`127.0.0.1:${other}`) }, {})
    expect(problem?.code).toBe('EADDRINUSE')
  })

  test('listeners of other kinds have none', async () => {
    const sockets = makeSockets()
    await open(sockets, { web: { bind: '127.0.0.1:0' }, tcp: turn('127.0.0.1:0', { transports: ['tcp'] }) })
    expect(sockets.sockets).toEqual([])
  })
})

/** What waits in a socket. */
function received(fd: number): string {
  const bytes = new Uint8Array(16)
  const length = Number(libc().recv(fd, ptr(bytes), bytes.length, 0))
  return new TextDecoder().decode(bytes.subarray(0, Math.max(0, length)))
}
