import { dlopen, ptr } from 'bun:ffi'
import { afterAll, describe, expect, test } from 'bun:test'
import { readdirSync, readlinkSync } from 'node:fs'
import { libc } from '../../../server/lib/native.ts'
import { bunSockets } from '../../../server/sockets/bun/bun-sockets.ts'
import type { Dial, DialFailure, Dialler, Socket } from '../../../server/sockets/socket.ts'
import { freePort } from '../../support/kernel.ts'
import { within } from '../../support/wait.ts'

type Outcome = 'connected' | DialFailure | 'ended'

class Dialled implements Dialler {
  socket: Socket | null = null
  readonly received: string[] = []
  readonly heard: string[] = []
  /** Settled with what became of the dial once it is known. */
  readonly outcome = Promise.withResolvers<Outcome>()
  readonly closed = Promise.withResolvers<void>()

  onConnected(socket: Socket): void {
    this.socket = socket
    this.#hear('connected')
  }
  onDialFailed(failure: DialFailure): void {
    this.#hear(failure)
  }
  #hear(outcome: Outcome): void {
    this.heard.push(outcome)
    this.outcome.resolve(outcome)
  }
  onData(bytes: Buffer): void {
    this.received.push(bytes.toString())
  }
  onDrain(): void {}
  onBroken(): void {}
  onEnd(): void {
    this.#hear('ended')
  }
  onClose(): void {
    this.closed.resolve()
  }
  terminate(): void {
    this.socket?.terminate()
  }
}

function start(address: string, port: number): { dialled: Dialled; dial: Dial } {
  const dialled = new Dialled()
  return { dialled, dial: bunSockets.dial(address, port, dialled) }
}

const settled = ({ outcome }: Dialled): Promise<Outcome> => within(outcome.promise, 'the end of a dial')

const servers: { stop(force: boolean): void }[] = []
afterAll(() => servers.forEach((server) => server.stop(true)))

function echo(hostname: string): number {
  const server = Bun.listen({
    hostname,
    port: 0,
    socket: { data: (socket, bytes) => void socket.write(bytes), open() {} },
  })
  servers.push(server)
  return server.port
}

describe('connected', () => {
  for (const address of ['127.0.0.1', '::1'])
    test(`to ${address}, and bytes pass both ways`, async () => {
      const { dialled } = start(address, echo(address))
      expect(await settled(dialled)).toBe('connected')
      const socket = dialled.socket!
      expect(socket.write(Buffer.from('hello'), 0, 5)).toBe(5)
      await within(
        (async () => {
          while (dialled.received.join('') !== 'hello') await new Promise(setImmediate)
        })(),
        'the echo',
      )
      socket.terminate()
      await within(dialled.closed.promise, 'the close')
    })
})

describe('failed', () => {
  test('a port on which nothing listens refuses', async () => {
    const { dialled } = start('127.0.0.1', freePort())
    expect(await settled(dialled)).toBe('connect_refused')
    expect([dialled.heard, dialled.socket]).toEqual([['connect_refused'], null])
  })
  test('a name is no address', () => {
    expect(start('localhost', 80).dialled.heard).toEqual(['connect_failed'])
    expect(start('', 80).dialled.heard).toEqual(['connect_failed'])
  })
  test.if(process.platform === 'linux')(
    'an address that nobody can be reached by fails at once and leaves no descriptor',
    () => {
      const before = openSockets()
      for (let i = 0; i < 50; i++) expect(start('255.255.255.255', 80).dialled.heard).toHaveLength(1)
      expect(openSockets()).toEqual(before)
    },
  )
})

/** Sockets of this process, each with the number of its inode. */
function openSockets(): string[] {
  return readdirSync('/proc/self/fd').flatMap((fd) => {
    try {
      const to = readlinkSync(`/proc/self/fd/${fd}`)
      return to.startsWith('socket:') ? [to] : []
    } catch {
      return [] // the descriptor of the folder itself
    }
  })
}

describe.if(process.platform === 'linux')('pending', () => {
  const MORE = dlopen('libc.so.6', {
    bind: { args: ['i32', 'ptr', 'i32'], returns: 'i32' },
    listen: { args: ['i32', 'i32'], returns: 'i32' },
    accept: { args: ['i32', 'ptr', 'ptr'], returns: 'i32' },
    getsockname: { args: ['i32', 'ptr', 'ptr'], returns: 'i32' },
  }).symbols

  /** A listener that accepts nothing and whose backlog of one is full: who comes now waits in SYN_SENT. */
  async function fullListener(): Promise<{ port: number; fd: number; filler: Dialled }> {
    const fd = libc().socket(2, 1 | 0x80000, 0)
    const address = new Uint8Array(16)
    address.set([2, 0, 0, 0, 127, 0, 0, 1])
    expect(MORE.bind(fd, ptr(address), 16)).toBe(0)
    expect(MORE.listen(fd, 0)).toBe(0)
    expect(MORE.getsockname(fd, ptr(address), ptr(new Uint32Array([16])))).toBe(0)
    const port = new DataView(address.buffer).getUint16(2)
    const { dialled } = start('127.0.0.1', port)
    expect(await settled(dialled)).toBe('connected')
    return { port, fd, filler: dialled }
  }

  const SYN_SENT = '02'
  /** States of this machine's sockets that go to `port`. */
  async function statesTo(port: number): Promise<string[]> {
    const hex = port.toString(16).toUpperCase().padStart(4, '0')
    const lines = (await Bun.file('/proc/net/tcp').text()).split('\n').slice(1)
    return lines
      .map((line) => line.trim().split(/\s+/))
      .filter((line) => line[2]?.endsWith(`:${hex}`))
      .map((line) => line[3] ?? '')
  }

  test('a dial that is given up frees its socket at once', async () => {
    const { port, fd, filler } = await fullListener()
    const before = new Set(openSockets())
    const { dialled, dial } = start('127.0.0.1', port)
    expect(dialled.heard).toEqual([])
    const made = openSockets().filter((socket) => !before.has(socket))
    expect(made).toHaveLength(1)
    expect(await statesTo(port)).toContain(SYN_SENT)
    dial.cancel()
    expect(await statesTo(port)).not.toContain(SYN_SENT)
    expect(openSockets()).not.toContain(made[0])
    expect(dialled.heard).toEqual([])
    filler.socket?.terminate()
    libc().close(fd)
  })

  test('a dial that waited is told when it stands', async () => {
    const { port, fd, filler } = await fullListener()
    const { dialled } = start('127.0.0.1', port)
    expect(dialled.heard).toEqual([])
    const accepted = MORE.accept(fd, null, null)
    expect(accepted).toBeGreaterThan(0)
    expect(await settled(dialled)).toBe('connected')
    for (const { socket } of [filler, dialled]) socket?.terminate()
    libc().close(accepted)
    libc().close(fd)
  })
})
