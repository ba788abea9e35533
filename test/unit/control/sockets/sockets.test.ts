import { afterEach, describe, expect, test } from 'bun:test'
import { readdirSync } from 'node:fs'
import { parseBind, socketKey, writeBind } from '../../../../server/lib/bind.ts'
import { duplicateFd } from '../../../../server/lib/pass-fds.ts'
import type { BindProblem } from '../../../../server/control/sockets/bind-problem.ts'
import { listeningInodes } from '../../../../server/lib/tcp-table.ts'
import { Sockets } from '../../../../server/control/sockets/sockets.ts'
import { backlogHere, backlogOf } from '../../../support/backlog.ts'
import { waitFor } from '../../../support/wait.ts'

const isLinux = process.platform === 'linux'
const opened: Sockets[] = []
const stops: (() => void)[] = []
afterEach(() => {
  for (const sockets of opened.splice(0)) sockets.close()
  for (const stop of stops.splice(0)) stop()
})

function makeSockets(isOrphans: (inodes: ReadonlySet<string>) => boolean = () => false): Sockets {
  const sockets = new Sockets(isOrphans)
  opened.push(sockets)
  return sockets
}

const binds = (words: Record<string, string>): Record<string, { bind: string }> =>
  Object.fromEntries(Object.entries(words).map(([name, bind]) => [name, { bind }]))

const portOf = (sockets: Sockets, listeners: Record<string, { bind: string }>, name: string): number =>
  parseBind(String(sockets.addresses(listeners)[name])).port

/** Adopts a descriptor as a worker does, and counts who comes. */
function adopt(fd: number): { accepted: number; stop(): void } {
  const counter = { accepted: 0, stop: () => listener.stop(true) }
  const options = { fd, socket: { open: () => void counter.accepted++, data() {} } }
  const listener = Bun.listen(options as unknown as Parameters<typeof Bun.listen>[0])
  stops.push(counter.stop)
  return counter
}

const connect = (port: number, hostname = '127.0.0.1'): Promise<unknown> =>
  Bun.connect({ hostname, port, socket: { data() {} } }).then((socket) =>
    stops.push(() => socket.terminate()),
  )

/** Opens a listener in this process, as another program would. */
function occupy(bind: { hostname: string; port: number; reusePort?: boolean }): number {
  const listener = Bun.listen({ ...bind, socket: { data() {} } } as unknown as Parameters<
    typeof Bun.listen
  >[0])
  stops.push(() => listener.stop(true))
  return (listener as unknown as { port: number }).port
}

function problemOf(sockets: Sockets, listeners: Record<string, { bind: string }>): BindProblem {
  const [problem] = sockets.stage(listeners, [0, 1])
  if (!problem) throw new Error('no problem')
  return problem
}

describe('addresses', () => {
  test('hosts, brackets, every address', () => {
    expect(parseBind('127.0.0.1:80')).toEqual({ host: '127.0.0.1', port: 80 })
    expect(parseBind('[::1]:80')).toEqual({ host: '::1', port: 80 })
    expect(parseBind('localhost:0')).toEqual({ host: 'localhost', port: 0 })
    expect(parseBind(':8080')).toEqual({ host: '::', port: 8080 })
    expect(writeBind('::1', 80)).toBe('[::1]:80')
    expect(writeBind('a.example', 80)).toBe('a.example:80')
  })

  test('a renamed listener is the same socket; two with any port are two', () => {
    expect(socketKey('a', '127.0.0.1:80')).toBe(socketKey('b', '127.0.0.1:80'))
    expect(socketKey('a', ':80')).toBe(socketKey('b', '[::]:80'))
    expect(socketKey('a', '127.0.0.1:0')).not.toBe(socketKey('b', '127.0.0.1:0'))
  })
})

describe.if(isLinux)('listening sockets', () => {
  test('port 0 is resolved once, and all slots share it', async () => {
    const sockets = makeSockets()
    const listeners = binds({ web: '127.0.0.1:0' })
    sockets.stage(listeners, [0, 1, 2])
    sockets.commit(listeners)
    const port = portOf(sockets, listeners, 'web')
    expect(port).toBeGreaterThan(0)
    const workers = [0, 1, 2].map((slot) =>
      adopt(duplicateFd(sockets.take(socketKey('web', '127.0.0.1:0'), slot).fd)),
    )
    for (let i = 0; i < 60; i++) await connect(port)
    await waitFor(() => workers.reduce((sum, { accepted }) => sum + accepted, 0) === 60)
    expect(workers.every(({ accepted }) => accepted > 0)).toBe(true)
  })

  test('many may wait on each, as a crowd comes at once', () => {
    const sockets = makeSockets()
    const listeners = binds({ web: '127.0.0.1:0' })
    sockets.stage(listeners, [0, 1])
    sockets.commit(listeners)
    for (const slot of [0, 1])
      expect(backlogOf(sockets.take(socketKey('web', '127.0.0.1:0'), slot).fd)).toBe(backlogHere())
  })

  test('who comes while a worker is being replaced waits for the replacement', async () => {
    const sockets = makeSockets()
    const listeners = binds({ web: '127.0.0.1:0' })
    sockets.stage(listeners, [0])
    sockets.commit(listeners)
    const key = socketKey('web', '127.0.0.1:0')
    const first = adopt(duplicateFd(sockets.take(key, 0).fd))
    first.stop()
    await connect(portOf(sockets, listeners, 'web'))
    const second = adopt(duplicateFd(sockets.take(key, 0).fd))
    await waitFor(() => second.accepted === 1)
    expect(first.accepted).toBe(0)
  })

  test('a port that another program has is a problem, even if that one would share it', () => {
    for (const reusePort of [false, true]) {
      const port = occupy({ hostname: '127.0.0.1', port: 0, reusePort })
      const sockets = makeSockets()
      const problem = problemOf(sockets, binds({ web: `127.0.0.1:${port}` }))
      expect(problem.code).toBe('EADDRINUSE')
      expect(problem.listener).toBe('web')
      expect(problem.message).toContain(`127.0.0.1:${port}`)
    }
  })

  test('a port that orphans of the last run have may be shared with them', () => {
    const port = occupy({ hostname: '127.0.0.1', port: 0, reusePort: true })
    const asked: ReadonlySet<string>[] = []
    const sockets = makeSockets((inodes) => {
      asked.push(inodes)
      return true
    })
    const listeners = binds({ web: `127.0.0.1:${port}` })
    sockets.stage(listeners, [0])
    expect(asked.map(({ size }) => size)).toEqual([1])
    expect(sockets.addresses(listeners)).toEqual({ web: `127.0.0.1:${port}` })
  })

  test('an orphan that leaves while it is looked at is no stranger', () => {
    const port = occupy({ hostname: '127.0.0.1', port: 0, reusePort: true })
    const stop = stops.pop()!
    let asked = 0
    const sockets = makeSockets(() => {
      asked++
      stop() // its socket was seen, and is nobody's by now
      return false
    })
    const listeners = binds({ web: `127.0.0.1:${port}` })
    expect(sockets.stage(listeners, [0])).toEqual([])
    expect(asked).toBe(1)
    expect(sockets.heldPorts(listeners)).toEqual([])
    expect(sockets.addresses(listeners)).toEqual({ web: `127.0.0.1:${port}` })
  })

  test('closing the sockets of slots reads no table of the machine; who has the port is looked up when it is asked', () => {
    const looks: number[] = []
    const sockets = new Sockets(
      () => false,
      (port) => {
        looks.push(port)
        return listeningInodes(port)
      },
    )
    opened.push(sockets)
    const slots = Array.from({ length: 8 }, (_, slot) => slot)
    const before = binds({ web: '127.0.0.1:0', more: '127.0.0.1:0' })
    sockets.stage(before, slots)
    sockets.commit(before)
    const ports = [portOf(sockets, before, 'web'), portOf(sockets, before, 'more')]
    for (const slot of slots.slice(1)) sockets.closeSlot(slot)
    sockets.vacateSlot(0)
    expect(looks).toEqual([])
    // Once for each port, however many sockets were closed there; and a stranger is seen as one.
    occupy({ hostname: '127.0.0.1', port: ports[0]! })
    expect(sockets.heldPorts(binds({ other: `0.0.0.0:${ports[0]}` }))).toHaveLength(1)
    expect(looks.filter((port) => port === ports[1])).toHaveLength(1)
  })

  test('a listener may move to another address of its own port', async () => {
    const sockets = makeSockets()
    const before = binds({ web: '127.0.0.1:0' })
    sockets.stage(before, [0])
    sockets.commit(before)
    const port = portOf(sockets, before, 'web')
    const after = binds({ web: `0.0.0.0:${port}` })
    sockets.stage(after, [0])
    sockets.commit(after)
    expect(sockets.addresses(after)).toEqual({ web: `0.0.0.0:${port}` })
    const worker = adopt(duplicateFd(sockets.take(socketKey('web', `0.0.0.0:${port}`), 0).fd))
    await connect(port)
    await waitFor(() => worker.accepted === 1)
  })

  test('when one address cannot be opened none is, and none stays open', () => {
    const port = occupy({ hostname: '127.0.0.1', port: 0 })
    const sockets = makeSockets()
    const before = readdirSync('/proc/self/fd').length
    problemOf(sockets, binds({ a: '127.0.0.1:0', b: `127.0.0.1:${port}` }))
    expect(readdirSync('/proc/self/fd').length).toBe(before)
  })

  test('dropping closes what was staged and keeps what was open', () => {
    const sockets = makeSockets()
    const old = binds({ web: '127.0.0.1:0' })
    sockets.stage(old, [0])
    sockets.commit(old)
    const before = readdirSync('/proc/self/fd').length
    const address = sockets.addresses(old)
    sockets.stage({ ...old, ...binds({ more: '127.0.0.1:0' }) }, [0])
    expect(readdirSync('/proc/self/fd').length).toBe(before + 1)
    sockets.drop()
    expect(readdirSync('/proc/self/fd').length).toBe(before)
    expect(sockets.addresses(old)).toEqual(address)
  })

  test('a listener that is no longer named is closed, and its port is free again', () => {
    const sockets = makeSockets()
    const old = binds({ web: '127.0.0.1:0' })
    sockets.stage(old, [0, 1])
    sockets.commit(old)
    const port = portOf(sockets, old, 'web')
    sockets.commit({})
    expect(occupy({ hostname: '127.0.0.1', port })).toBe(port)
  })

  test('a slot is opened when it is first taken, and closed alone', () => {
    const sockets = makeSockets()
    const listeners = binds({ web: '127.0.0.1:0' })
    const key = socketKey('web', '127.0.0.1:0')
    sockets.stage(listeners, [0])
    sockets.commit(listeners)
    const before = readdirSync('/proc/self/fd').length
    const taken = sockets.take(key, 1)
    expect(sockets.take(key, 1)).toEqual(taken)
    expect(taken.port).toBe(portOf(sockets, listeners, 'web'))
    expect(readdirSync('/proc/self/fd').length).toBe(before + 1)
    sockets.closeSlot(1)
    expect(readdirSync('/proc/self/fd').length).toBe(before)
  })

  test('a slot without a worker is vacated: clients are served by the other, and it is filled anew', async () => {
    const sockets = makeSockets()
    const listeners = binds({ web: '127.0.0.1:0' })
    const key = socketKey('web', '127.0.0.1:0')
    sockets.stage(listeners, [0, 1])
    sockets.commit(listeners)
    const port = portOf(sockets, listeners, 'web')
    const served = adopt(duplicateFd(sockets.take(key, 0).fd))
    sockets.vacateSlot(1)
    for (let i = 0; i < 30; i++) await connect(port)
    await waitFor(() => served.accepted === 30)
    const again = adopt(duplicateFd(sockets.take(key, 1).fd))
    for (let i = 0; i < 60; i++) await connect(port)
    await waitFor(() => served.accepted + again.accepted === 90)
    expect(again.accepted).toBeGreaterThan(0)
  })

  test('all addresses that cannot be opened are told', () => {
    const port = occupy({ hostname: '127.0.0.1', port: 0 })
    const found = makeSockets().stage(
      binds({ a: `127.0.0.1:${port}`, b: '192.0.2.1:0', c: '127.0.0.1:0' }),
      [0],
    )
    expect(found.map(({ listener }) => listener)).toEqual(['a', 'b'])
  })

  test('IPv6, every address, and host names', async () => {
    const sockets = makeSockets()
    const listeners = binds({ six: '[::1]:0', all: ':0', name: 'localhost:0' })
    sockets.stage(listeners, [0])
    sockets.commit(listeners)
    const { six = '', name = '' } = sockets.addresses(listeners)
    expect(six).toStartWith('[::1]:')
    expect(name).toStartWith('localhost:')
    const all = adopt(duplicateFd(sockets.take(socketKey('all', ':0'), 0).fd))
    await connect(portOf(sockets, listeners, 'all'))
    await connect(portOf(sockets, listeners, 'all'), '::1')
    await waitFor(() => all.accepted === 2)
  })

  test('every address of each family beside the other, whichever comes first', async () => {
    for (const order of [
      ['four', 'six'],
      ['six', 'four'],
    ]) {
      const port = occupy({ hostname: '127.0.0.1', port: 0 })
      stops.pop()?.()
      const words: Readonly<Record<string, string>> = { four: `0.0.0.0:${port}`, six: `[::]:${port}` }
      const listeners = binds(Object.fromEntries(order.map((name) => [name, words[name] ?? ''])))
      const sockets = makeSockets()
      expect(sockets.stage(listeners, [0])).toEqual([])
      sockets.commit(listeners)
      const [four, six] = ['four', 'six'].map((name) =>
        adopt(duplicateFd(sockets.take(socketKey(name, words[name] ?? ''), 0).fd)),
      )
      for (let i = 0; i < 4; i++) await connect(port)
      for (let i = 0; i < 3; i++) await connect(port, '::1')
      await waitFor(() => (four?.accepted ?? 0) + (six?.accepted ?? 0) === 7)
      expect([four?.accepted, six?.accepted]).toEqual([4, 3])
      four?.stop()
      six?.stop()
      sockets.close()
    }
  })

  test('an address that this machine has not, and a name that nobody knows', () => {
    const sockets = makeSockets()
    expect(problemOf(sockets, binds({ a: '192.0.2.1:0' })).code).toBe('EADDRNOTAVAIL')
    expect(problemOf(sockets, binds({ a: 'nowhere.invalid:0' })).code).toBe('ENOTFOUND')
  })
})
