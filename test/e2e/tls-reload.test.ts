// A tls listener over reloads: connections that went on to another listener stay with it, and go when no rule
// leads there any more.
import { expect, test } from 'bun:test'
import { connect, type TLSSocket } from 'node:tls'
import { type Gateway, startGateway } from '../support/gateway.ts'
import { type Origin, startOrigin } from '../support/origin.ts'
import { waitFor, within } from '../support/wait.ts'

const config = (origin: Origin, name: string, port: number, tls = true): Record<string, unknown> => ({
  certificates: { own: { self_signed: { names: ['site.example'] } } },
  listeners: {
    front: tls
      ? { protocol: 'tls', bind: `127.0.0.1:${port}` }
      : { protocol: 'https', bind: `127.0.0.1:${port}`, certificates: 'own', backend: 'app' },
    ...(tls && { site: { protocol: 'https', certificates: 'own', backend: 'app' } }),
  },
  rules: tls ? [{ name: 'site', match: { listener: 'front', server_name: name }, listener: 'site' }] : [],
  backends: { app: { servers: [{ url: origin.url }] } },
})

function shake(gateway: Gateway): Promise<TLSSocket> {
  const { promise, resolve, reject } = Promise.withResolvers<TLSSocket>()
  const options = { host: '127.0.0.1', port: gateway.port('front'), servername: 'site.example' }
  const socket = connect({ ...options, rejectUnauthorized: false }, () => resolve(socket))
  socket.on('error', reject).setEncoding('latin1')
  return within(promise, 'a handshake')
}

async function get(socket: TLSSocket): Promise<string> {
  let text = ''
  const hear = (part: string): void => void (text += part)
  socket.on('data', hear).write('GET / HTTP/1.1\r\nHost: site.example\r\n\r\n')
  await waitFor(() => text.endsWith('page'))
  socket.off('data', hear)
  return text.slice(0, 12)
}

test('connections stay over reloads, go with the last rule, and an address may become one that ends TLS itself', async () => {
  await using origin = startOrigin((_request, reply) => reply.send(200, 'page'))
  await using gateway = await startGateway({ config: config(origin, 'site.example', 0) })
  const socket = await shake(gateway)
  expect(await get(socket)).toBe('HTTP/1.1 200')
  await gateway.apply(config(origin, '*.example', 0))
  expect(await get(socket)).toBe('HTTP/1.1 200')
  const other = await shake(gateway)
  expect(await get(other)).toBe('HTTP/1.1 200')
  const gone = Promise.all([socket, other].map((one) => new Promise((resolve) => one.once('close', resolve))))
  await gateway.apply(config(origin, '', 0, false))
  await within(gone, 'idle connections to end')
  const third = await shake(gateway)
  expect(await get(third)).toBe('HTTP/1.1 200')
  await gateway.apply(config(origin, 'site.example', 0))
  const fourth = await shake(gateway)
  expect(await get(fourth)).toBe('HTTP/1.1 200')
  for (const one of [third, fourth]) one.destroy()
})

test('a reload gives it a rate, which all workers count together', async () => {
  await using origin = startOrigin((_request, reply) => reply.send(200, 'page'))
  await using gateway = await startGateway({ config: config(origin, 'site.example', 0), workers: 2 })
  const limited = config(origin, 'site.example', 0)
  const { front } = limited['listeners'] as { front: object }
  Object.assign(front, { limits: { rate: { connections: 2, per: '1h' } } })
  expect(await gateway.apply(limited)).toMatchObject({ event: 'applied' })
  for (let i = 0; i < 2; i++) {
    const socket = await shake(gateway)
    expect(await get(socket)).toBe('HTTP/1.1 200')
    socket.destroy()
  }
  await expect(shake(gateway)).rejects.toThrow()
  await waitFor(async () => JSON.stringify(await gateway.accessLog()).includes('rate_limited'))
})
