// Changes that are watched under traffic: one that makes things worse is taken back by itself, in the file
// too, with the figures; one that does not stays.
import { afterAll, afterEach, expect, test } from 'bun:test'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { api } from '../../server/cli/api.ts'
import { apply } from '../../server/cli/apply.ts'
import { history } from '../../server/cli/history.ts'
import { saidBy } from '../support/command.ts'
import { type Gateway, startGateway } from '../support/gateway.ts'
import { waitFor } from '../support/wait.ts'

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

interface Cut {
  readonly history: string
  readonly operation: { readonly state: string; readonly facts: Record<string, unknown> }
  readonly watched: unknown
}

/** A change that is watched when the gateway is killed, and what is told of it once it is back. */
async function cutAfter(...more: readonly string[]): Promise<Cut> {
  const gateway = await start()
  const text = words(good.port, 'metrics: { prefix: x }\n')
  const applying = applied(gateway, text, '--watch', '5m', ...more)
  await gateway.event('applied')
  await waitFor(async () => (await operationsOf(gateway))[0]?.state === 'running')
  const [before] = await operationsOf(gateway)
  gateway.killNow()
  const said = await applying
  expect([said.code, said.err]).toEqual([
    1,
    expect.stringContaining('the gateway ended while the change was watched, which does not take it back'),
  ])
  const again = await startGateway({
    config: readFileSync(gateway.configFile, 'utf8'),
    folder: gateway.folder,
  })
  gateways.push(again)
  const watched = await again.event('watched')
  const [after] = await operationsOf(again)
  expect(after?.id).toBe(before?.id)
  const listed = await waitFor(async () => {
    const { out } = await saidBy((io) => history(['-c', gateway.configFile], io), { cwd: gateway.folder })
    return /^\W+2 .*(?:watched|not confirmed)/m.test(out) ? out : null
  })
  return { history: listed, operation: after!, watched }
}

interface Operation {
  readonly id: string
  readonly state: string
  readonly facts: Record<string, unknown>
}

async function operationsOf(gateway: Gateway): Promise<Operation[]> {
  const { out } = await saidBy((io) => api(['operations', '--json', '-c', gateway.configFile], io), {
    cwd: '/',
  })
  return (JSON.parse(out) as { operations: Operation[] }).operations
}

test('one whose gateway ends before the verdict stays, and that is said once it is back', async () => {
  const { history: listed, operation, watched } = await cutAfter()
  const why =
    'the gateway ended while it was watched (300 s), and nobody took it back for its figures: revision 2 stays'
  expect(operation).toMatchObject({
    state: 'aborted',
    facts: { revision: 2, outcome: 'cut', holds: 'kept', why },
  })
  expect(watched).toMatchObject({ revision: 2, outcome: 'cut', holds: 'kept', why })
  expect(listed).toMatch(
    /^\* 2 .* the gateway ended while it was watched \(300 s\), and .*: revision 2 stays$/m,
  )
})

test('one that waited to be confirmed as well was taken back by the start, and that is said', async () => {
  const { history: listed, operation, watched } = await cutAfter('--confirm-within', '10m')
  expect(operation).toMatchObject({ state: 'aborted', facts: { outcome: 'cut', holds: 'reverted' } })
  expect(watched).toMatchObject({
    why: expect.stringContaining('revision 2 was taken back at the next start, as it was not confirmed'),
  })
  expect(listed).toMatch(/^ {2}2 .* reverted .*it was not confirmed before the gateway ended$/m)
})
