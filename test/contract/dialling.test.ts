// What the gateway leans on in this Bun, beyond or beside its manual: sockets that are adopted while they
// still connect.
import { dlopen, ptr } from 'bun:ffi'
import { afterAll, describe, expect, test } from 'bun:test'
import { readdirSync } from 'node:fs'
import type { Socket, SocketHandler } from 'bun'
import { closeFds } from '../../server/lib/pass-fds.ts'
import { errno, isConnected, libc, socketError } from '../../server/lib/native.ts'
import { freePort } from '../support/kernel.ts'
import { waitFor, within } from '../support/wait.ts'

const EINPROGRESS = 115
const ECONNREFUSED = 111
const server = Bun.listen({
  hostname: '127.0.0.1',
  port: 0,
  socket: { data() {}, open: (socket) => void socket.write('hi') },
})
afterAll(() => server.stop(true))

/** A socket that has begun to connect. */
function begin(port: number): number {
  const fd = libc().socket(2, 1 | 0x800 | 0x80000, 0)
  const address = new Uint8Array(16)
  const view = new DataView(address.buffer)
  view.setUint16(0, 2, true)
  view.setUint16(2, port)
  address.set([127, 0, 0, 1], 4)
  if (libc().connect(fd, ptr(address), 16) !== 0) expect(errno()).toBe(EINPROGRESS)
  return fd
}

function adopt(fd: number, socket: SocketHandler<undefined>): void {
  const options = { fd, socket, allowHalfOpen: true } as unknown as Parameters<
    typeof Bun.connect<undefined>
  >[0]
  Bun.connect<undefined>(options).catch(() => {})
}

describe.if(process.platform === 'linux')('Bun.connect({ fd })', () => {
  test('calls open before it returns, drain once the connect is decided, and then moves bytes', async () => {
    const fd = begin(server.port)
    const events: string[] = []
    const said = Promise.withResolvers<string>()
    let socket: Socket<undefined> | null = null
    adopt(fd, {
      open(adopted) {
        socket = adopted
        events.push('open')
      },
      drain: () => void events.push(`drain ${socketError(fd)} ${isConnected(fd)}`),
      data: (_, bytes) => said.resolve(bytes.toString()),
    })
    expect(events).toEqual(['open'])
    expect(await within(said.promise, 'bytes')).toBe('hi')
    expect(events).toEqual(['open', 'drain 0 true'])
    ;(socket as Socket<undefined> | null)?.terminate()
  })

  test('a refusal is seen by SO_ERROR, and the socket has no peer', async () => {
    const fd = begin(freePort())
    const decided = Promise.withResolvers<{ code: number; isConnected: boolean }>()
    const look = (socket: Socket<undefined>): void => {
      const code = socketError(fd)
      if (code === 0) return
      decided.resolve({ code, isConnected: isConnected(fd) })
      socket.terminate()
    }
    adopt(fd, { open: look, drain: look, error: look, data() {} })
    expect(await within(decided.promise, 'the refusal')).toEqual({
      code: ECONNREFUSED,
      isConnected: false,
    })
  })

  const { bind, listen, getsockname } = dlopen('libc.so.6', {
    bind: { args: ['i32', 'ptr', 'i32'], returns: 'i32' },
    listen: { args: ['i32', 'i32'], returns: 'i32' },
    getsockname: { args: ['i32', 'ptr', 'ptr'], returns: 'i32' },
  }).symbols

  test('terminate() frees a socket that still connects', async () => {
    // Nobody accepts, and one fills the queue: who comes now gets no answer.
    const listener = libc().socket(2, 1 | 0x80000, 0)
    const address = new Uint8Array(16)
    address.set([2, 0, 0, 0, 127, 0, 0, 1])
    expect(bind(listener, ptr(address), 16)).toBe(0)
    expect(listen(listener, 0)).toBe(0)
    expect(getsockname(listener, ptr(address), ptr(new Uint32Array([16])))).toBe(0)
    const port = new DataView(address.buffer).getUint16(2)
    const filler = begin(port)
    await waitFor(() => isConnected(filler))
    const descriptors = (): number => readdirSync('/proc/self/fd').length
    const before = descriptors()
    let socket: Socket<undefined> | null = null
    const fd = begin(port)
    const events: string[] = []
    adopt(fd, {
      open: (adopted) => void (socket = adopted),
      drain: () => void events.push('drain'),
      close: () => void events.push('close'),
      data() {},
    })
    expect([socketError(fd), isConnected(fd), descriptors()]).toEqual([0, false, before + 1])
    ;(socket as Socket<undefined> | null)?.terminate()
    await waitFor(() => descriptors() <= before)
    expect(events).toEqual(['close'])
    closeFds([listener, filler])
  })
})
