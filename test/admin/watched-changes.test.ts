// Changes that are watched under traffic: one that makes things worse is taken back by itself, in the file
// too, with the figures; one that does not stays.
import { afterAll, afterEach, expect, test } from 'bun:test'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { apply } from '../../server/cli/apply.ts'
import { history } from '../../server/cli/history.ts'
import { saidBy } from '../support/command.ts'
import { type Gateway, startGateway } from '../support/gateway.ts'

const good = Bun.serve({ port: 0, hostname: '127.0.0.1', fetch: () => new Response('good') })
const bad = Bun.serve({ port: 0, hostname: '127.0.0.1', fetch: () => new Response('bad', { status: 500 }) })
afterAll(async () => {
  await Promise.all([good.stop(true), bad.stop(true)])
})
const gateways: Gateway[] = []
afterEach(async () => {
  for (const gateway of gateways.splice(0)) await gateway[Symbol.asyncDispose]()
})

const words = (port: number | undefined, more = ''): string => `listeners: { web: { bind: "127.0.0.1:0" } }
rules: [{ name: all, backend: api }]
backends: { api: { servers: [{ url: "http://127.0.0.1:${port}" }] } }
workers: 1
drain: 1s
admin: false
logs: { access: { enabled: false } }
${more}`

async function start(): Promise<Gateway> {
  const gateway = await startGateway({ config: words(good.port) })
  gateways.push(gateway)
  return gateway
}

/** Clients that ask again and again, until the gateway has told of an event. */
async function askUntil(gateway: Gateway, event: string): Promise<void> {
  while (gateway.last(event) === undefined)
    await gateway.fetch('/').then(
      (answer) => answer.text(),
      () => '',
    )
}

/** Fewer than latency is judged of. */
async function askSome(gateway: Gateway): Promise<void> {
  for (let count = 0; count < 40; count++) await (await gateway.fetch('/')).text()
}

function applied(gateway: Gateway, text: string, ...more: readonly string[]) {
  writeFileSync(join(gateway.folder, 'next.yaml'), text)
  const args = ['next.yaml', ...more, '-c', gateway.configFile]
  return saidBy((io) => apply(args, io), { cwd: gateway.folder })
}

test('a change after which servers answer 500 is taken back by itself, with the figures', async () => {
  const gateway = await start()
  await askSome(gateway)
  const [said] = await Promise.all([
    applied(gateway, words(bad.port), '--watch', '60s'),
    askUntil(gateway, 'rolled_back'),
  ])
  expect(said.code).toBe(1)
  expect(said.out).toMatch(/^applied: revision 2\n/)
  expect(said.out).toMatch(/^reverted: 5xx rose from 0 % of \d+ to \d.* % of \d+ requests$/m)
  expect(await gateway.event('watched')).toMatchObject({
    ...{ revision: 2, outcome: 'reverted' },
    before: { server_errors: 0, servers: 1, usable: 1 },
  })
  expect(await gateway.event('rolled_back')).toMatchObject({ revision: 2, to: 3 })
  expect(readFileSync(gateway.configFile, 'utf8')).toBe(words(good.port))
  expect(await (await gateway.fetch('/')).text()).toBe('good')
  const listed = await saidBy((io) => history(['-c', gateway.configFile], io), { cwd: gateway.folder })
  expect(listed.out).toMatch(/^ {2}2 .* reverted +5xx rose/m)
})

test('one that changes nothing for the worse stays', async () => {
  const gateway = await start()
  await askSome(gateway)
  const [said] = await Promise.all([
    applied(gateway, words(good.port, 'metrics: { prefix: x }\n'), '--watch', '3s'),
    gateway.event('applied').then(() => askSome(gateway)),
  ])
  expect([said.code, said.err]).toEqual([0, ''])
  expect(said.out).toMatch(
    /^after: \d+ requests, 0 answered with 5xx, p95 [\d.]+ ms, 1 of 1 servers usable\nkept$/m,
  )
  expect(gateway.last('rolled_back')).toBeUndefined()
  expect(await gateway.event('watched')).toMatchObject({ revision: 2, outcome: 'kept' })
})
