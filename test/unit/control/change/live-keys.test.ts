// Keys of issuers: fetched, kept over outages and restarts, and told to workers.
import { afterEach, beforeEach, expect, test } from 'bun:test'
import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Config } from '../../../../server/config/schema.ts'
import { LiveKeys } from '../../../../server/control/change/live-keys.ts'
import type { PlanBody } from '../../../../server/control/processes/worker.ts'
import { fetchKeys } from '../../../../server/control/source/fetch-keys.ts'
import { RefusedFiles } from '../../../../server/control/source/refused-files.ts'
import { Issuer } from '../../../support/issuer.ts'
import { waitFor } from '../../../support/wait.ts'
import { configOf } from '../../config/parse.ts'

const URL = 'https://issuer.test/keys'
const keysText = (kid: string): string => JSON.stringify({ keys: [{ kty: 'EC', kid }] })
const configFor = (words: string, files: Readonly<Record<string, string>> = {}): Config =>
  configOf(
    `
listeners: { web: { bind: "127.0.0.1:0" } }
auth: { jwt: { corp: { issuer: a, audience: b, ${words} } } }
rules: [{ name: a, respond: { body: a } }]
`,
    { files },
  )

let data = ''
beforeEach(() => void (data = mkdtempSync(join(tmpdir(), 'sluice-keys-'))))
afterEach(() => rmSync(data, { recursive: true }))

function scene(config = configFor(`jwks_url: "${URL}"`)) {
  let plan = { config } as PlanBody
  const told: unknown[] = []
  const world = { nowMs: 0, fetched: 0, answer: (): string => keysText('1') }
  const refused = new RefusedFiles(() => 0)
  const live = new LiveKeys({
    ...{ data, refused, isWatching: true },
    nowMs: () => world.nowMs,
    fetch: async () => (world.fetched++, world.answer()),
    amend: async (change) => {
      const amended = change(plan)
      if (amended === null) return
      plan = amended.plan
      told.push(amended.amendment)
    },
  })
  const begin = async () => {
    plan = { ...plan, keys: await live.gather(plan.config) }
    live.commit(plan)
  }
  return { world, told, refused, live, begin, plan: () => plan }
}

test('a plan has the keys; others are told, and the last good ones go on while the issuer is away', async () => {
  const { world, told, refused, live, begin, plan } = scene()
  await begin()
  expect(plan().keys).toEqual({ [URL]: keysText('1') })
  live.look()
  expect(world.fetched).toBe(1)
  world.nowMs = 600_000
  world.answer = () => keysText('2')
  live.look()
  await waitFor(() => told.length === 1)
  expect(told).toEqual([{ type: 'keys', texts: { [URL]: keysText('2') } }])
  world.nowMs *= 2
  world.answer = () => {
    throw new Error('it answers 503')
  }
  live.look()
  await waitFor(() => refused.all.length === 1)
  expect(refused.all).toMatchObject([{ owner: 'jwt', name: 'corp', why: 'it answers 503' }])
  expect(plan().keys).toEqual({ [URL]: keysText('2') })
  // It is tried again soon, and sooner at first.
  live.look()
  expect(world.fetched).toBe(3)
  world.nowMs += 2000
  world.answer = () => keysText('2')
  live.look()
  await waitFor(() => refused.all.length === 0)
  expect([world.fetched, told.length]).toEqual([4, 1])
  // Another gateway in this folder knows them while the issuer is away.
  const next = scene()
  next.world.answer = () => {
    throw new Error('it is away')
  }
  await next.begin()
  expect(next.plan().keys).toEqual({ [URL]: keysText('2') })
  const [file = ''] = readdirSync(join(data, 'keys'))
  expect(statSync(join(data, 'keys', file)).mode & 0o777).toBe(0o600)
  for (const one of [live, next.live]) one.stop()
})

test('whoever asks for newer keys gets an answer, and the issuer is asked once in a while', async () => {
  const { world, told, live, begin } = scene()
  await begin()
  for (let n = 0; n < 5; n++) live.heard({ type: 'keys-wanted', source: URL })
  await waitFor(() => told.length === 5)
  expect(world.fetched).toBe(2)
  live.heard({ type: 'keys-wanted', source: 'https://elsewhere.test' })
  world.nowMs = 10_000
  live.heard({ type: 'keys-wanted', source: URL })
  await waitFor(() => told.length === 6)
  expect(world.fetched).toBe(3)
  live.stop()
})

test('a file of keys is read, followed, and refused where it is of no use', async () => {
  const file = join(data, 'jwks.json')
  writeFileSync(file, keysText('1'))
  const { told, refused, live, begin, plan } = scene(
    configFor(`jwks_file: "${file}"`, { [file]: keysText('1') }),
  )
  await begin()
  expect(plan().keys).toEqual({ [file]: keysText('1') })
  writeFileSync(file, 'no json')
  live.look()
  await waitFor(() => refused.all.length === 1)
  expect(refused.all[0]?.why).toContain('it is no JSON')
  writeFileSync(file, keysText('2'))
  live.look()
  await waitFor(() => told.length === 1)
  expect([refused.all, plan().keys]).toEqual([[], { [file]: keysText('2') }])
  live.stop()
})

test('what is fetched is bounded, and only keys are taken', async () => {
  await using issuer = await Issuer.start()
  const signal = new AbortController().signal
  const ask = (url = issuer.url): Promise<string> => fetchKeys({ url, ca: null, signal })
  expect(JSON.parse(await ask())).toEqual(issuer.jwks)
  for (const [answer, why] of [
    [() => new Response('x', { status: 500 }), 'it answers 500'],
    [() => new Response('<html>'), 'it is no JSON'],
    [() => Response.json({ keys: [{ kty: 'oct', k: 'AAAA' }] }), 'it has no public key'],
    [() => new Response('x'.repeat(1_100_000)), 'more than a MiB'],
    [() => Response.redirect(issuer.url), 'it leads nowhere'],
    [() => Response.redirect('file:///etc/passwd'), 'it leads to "file:///etc/passwd"'],
  ] as const) {
    issuer.answers = answer
    await expect(ask()).rejects.toThrow(why)
  }
  await issuer.stop()
  await expect(ask()).rejects.toThrow('127.0.0.1')
})
