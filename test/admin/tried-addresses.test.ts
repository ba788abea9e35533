// A dry run opens what a change would open, and closes it again: who has a port is told before anybody
// applies.
import { afterAll, beforeAll, expect, test } from 'bun:test'
import { readFileSync } from 'node:fs'
import { controlSocketPath } from '../../server/control/control-socket.ts'
import { type Gateway, startGateway } from '../support/gateway.ts'

let gateway: Gateway
const tcp = Bun.listen({ hostname: '127.0.0.1', port: 0, socket: { data() {} } })
let udp: Bun.udp.Socket<'buffer'>
beforeAll(async () => {
  udp = await Bun.udpSocket({ hostname: '127.0.0.1', port: 0, socket: {} })
  gateway = await startGateway({
    config: {
      listeners: { web: { bind: '127.0.0.1:0' } },
      rules: [{ name: 'all', respond: { body: 'ok' } }],
      ...{ admin: false, drain: '50ms' },
    },
  })
})
afterAll(async () => {
  await gateway[Symbol.asyncDispose]()
  tcp.stop(true)
  udp.close()
})

// oxlint-disable-next-line typescript/no-explicit-any -- documents of many shapes
async function tryOps(ops: readonly object[]): Promise<{ status: number; body: any }> {
  const answer = await fetch('http://localhost/api/v1/changesets?dry_run=true', {
    unix: controlSocketPath(`${gateway.folder}/data`, gateway.configFile),
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ ops }),
  })
  return { status: answer.status, body: await answer.json() }
}
const create = (name: string, value: object) => ({
  op: 'create',
  resource: `listeners/${name}`,
  value: { name, ...value },
})

test('a port that another program has is refused with who that is, at the field that was sent', async () => {
  const before = readFileSync(gateway.configFile, 'utf8')
  for (const [value, at] of [
    [{ bind: `127.0.0.1:${tcp.port}` }, `127.0.0.1:${tcp.port}`],
    [{ bind: `127.0.0.1:${udp.port}`, protocol: 'udp', backend: 'b' }, `UDP 127.0.0.1:${udp.port}`],
  ] as const) {
    const backend = {
      op: 'create',
      resource: 'backends',
      value: { name: 'b', servers: [{ url: 'udp://127.0.0.1:9' }] },
    }
    const ops = [...('backend' in value ? [backend] : []), create('more', value)]
    const { status, body } = await tryOps(ops)
    expect([status, body.code]).toEqual([422, 'config_invalid'])
    expect(body.errors).toMatchObject([
      {
        ...{ code: 'cannot_listen', system: 'EADDRINUSE', pointer: `/ops/${ops.length - 1}/value/bind` },
        holder: { pid: process.pid },
        hint: 'try again to apply it once the port is free',
      },
    ])
    expect(body.errors[0].message).toStartWith(`cannot listen on ${at}: `)
    expect(body.errors[0].message).toEndWith(`(process ${process.pid}) has this port (EADDRINUSE)`)
  }
  const away = await tryOps([create('more', { bind: '192.0.2.1:8080' })])
  expect(away.body.errors).toMatchObject([{ code: 'cannot_listen', system: 'EADDRNOTAVAIL' }])
  expect(readFileSync(gateway.configFile, 'utf8')).toBe(before)
})

test('one that is free is told as opened, and is free again afterwards', async () => {
  const probe = Bun.listen({ hostname: '127.0.0.1', port: 0, socket: { data() {} } })
  const { port } = probe
  probe.stop(true)
  const { status, body } = await tryOps([create('more', { bind: `127.0.0.1:${port}` })])
  expect([status, body.impact.listeners]).toEqual([
    ...[
      200,
      [{ listener: 'more', what: 'opens', opened: [`127.0.0.1:${port}`], closed: [], taken_over: [] }],
    ],
  ])
  Bun.listen({ hostname: '127.0.0.1', port, socket: { data() {} } }).stop(true)
})
