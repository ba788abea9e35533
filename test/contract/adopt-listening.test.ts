import { expect, test } from 'bun:test'
import { readdirSync, readFileSync } from 'node:fs'
import { duplicateFd } from '../../server/lib/pass-fds.ts'
import { adoptListening, listeningFds } from '../../server/lib/adopt-listening.ts'

/** All that event loops of this process watch. */
const watched = (): string =>
  readdirSync('/proc/self/fd')
    .map((fd) => {
      try {
        return readFileSync(`/proc/self/fdinfo/${fd}`, 'utf8')
      } catch {
        return ''
      }
    })
    .filter((text) => text.includes('tfd:'))
    .join('\n')

function listening(): { fd: number; port: number } {
  const socket = Bun.listen({ hostname: '127.0.0.1', port: 0, socket: { data() {} } }) as unknown as {
    fd: number
    port: number
    stop(isNow: boolean): void
  }
  const { port } = socket
  const fd = duplicateFd(socket.fd)
  socket.stop(true)
  return { fd, port }
}

test('a server of Bun accepts from a socket that was put in the place of its own, knows who asks, and watches nothing once it stops', async () => {
  const { fd, port } = listening()
  const kept = duplicateFd(fd)
  const before = listeningFds()
  const server = Bun.serve({
    hostname: '127.0.0.1',
    port: 0,
    fetch: (request, serving) => new Response(serving.requestIP(request)?.address ?? 'nobody'),
  })
  const opened = [...listeningFds()].filter(([own, inode]) => before.get(own) !== inode).map(([own]) => own)
  expect(opened.length).toBe(1)
  adoptListening(fd, opened)
  for (let i = 0; i < 3; i++)
    expect(await (await fetch(`http://127.0.0.1:${port}/`, { keepalive: false })).text()).toBe('127.0.0.1')

  const inode = (await import('node:fs')).fstatSync(kept).ino.toString(16)
  expect(watched()).toContain(`ino:${inode} `)
  await server.stop(true)
  expect(watched()).not.toContain(`ino:${inode} `)

  // What is closed is that server's copy: another one takes the same socket.
  const again = Bun.listen({
    fd: kept,
    socket: { open: (one: { end(): void }) => void one.end(), data() {} },
  } as never)
  ;(again as { stop(isNow: boolean): void }).stop(true)
})
