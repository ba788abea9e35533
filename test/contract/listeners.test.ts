// What the gateway leans on in this Bun, beyond or beside its manual: listeners that are handed on.
import { afterEach, describe, expect, test } from 'bun:test'
import type { TCPSocketListener } from 'bun'
import { join } from 'node:path'
import { closeFds, duplicateFd, makeChannel, sendFds } from '../../server/lib/pass-fds.ts'
import { within } from '../support/wait.ts'

const open: { stop(force: boolean): void }[] = []
afterEach(() => open.splice(0).forEach((listener) => listener.stop(true)))

type WithFd = TCPSocketListener & { readonly fd: number }

function listen(port = 0, reusePort = true): WithFd {
  const options = { hostname: '127.0.0.1', port, reusePort, socket: { data() {} } }
  const listener = Bun.listen(options) as WithFd
  open.push(listener)
  return listener
}

/** All that a server says until it ends. */
function read(port: number): Promise<string> {
  const said = Promise.withResolvers<string>()
  let text = ''
  void Bun.connect({
    hostname: '127.0.0.1',
    port,
    socket: {
      data: (_, bytes) => void (text += bytes.toString()),
      close: () => said.resolve(text),
      connectError: (_, error) => said.reject(error),
    },
  }).catch(said.reject)
  return within(said.promise, 'an answer')
}

describe.if(process.platform === 'linux')('listeners', () => {
  test('reusePort shares a port, and without it a port is taken', () => {
    const { port } = listen()
    expect(listen(port).port).toBe(port)
    const alone = listen(0, false)
    expect(() => listen(alone.port, false)).toThrow('Failed to listen')
  })

  test('a duplicate of listener.fd goes on listening after stop(true), crosses by SCM_RIGHTS, and Bun.listen({ fd }) adopts it', async () => {
    const listener = listen()
    const { port, fd } = listener
    expect(fd).toBeGreaterThan(2)
    const kept = duplicateFd(fd)
    listener.stop(true)
    // Taken by the kernel while nobody accepts.
    const said = read(port)
    const { ours, theirs } = makeChannel()
    sendFds(ours, 1, [kept])
    const child = Bun.spawn([process.execPath, join(import.meta.dir, 'child.ts'), 'adopt'], {
      stdio: ['ignore', 'inherit', 'inherit', theirs],
    })
    expect(await said).toBe('adopted')
    expect(await within(child.exited, 'the end of the child')).toBe(0)
    closeFds([ours, theirs, kept])
  })

  test('Bun.serve with reusePort: false refuses the port of another', () => {
    const serve = () =>
      Bun.serve({
        hostname: '127.0.0.1',
        port,
        development: false,
        reusePort: false,
        fetch: () => new Response(''),
      })
    let port = 0
    const first = serve()
    open.push(first)
    port = first.port ?? 0
    expect(serve).toThrow(expect.objectContaining({ code: 'EADDRINUSE' }))
  })
})
