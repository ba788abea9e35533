// A gateway that is killed between any two steps of a change: the file, what is kept and what is served agree
// after the next start, and the change is there as a whole or not at all.
import { afterAll, expect, test } from 'bun:test'
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { controlSocketPath } from '../../server/control/control-socket.ts'
import { type Gateway, startGateway } from '../support/gateway.ts'

const CUT = join(import.meta.dir, '../support/cut.ts')

/** Those of support/cut.ts, and whether the new text is served after the next start. */
const STEPS = [
  ['the old text is held', false],
  ['the new text stands beside the file', false],
  ['workers are ready', false],
  ['its row is written', false],
  ['the file is renamed', true],
  ['workers serve it', true],
  ['its number is written', true],
  ['its row counts', true],
  ['it is told', true],
] as const

const folders: string[] = []
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true })
})

const words = (body: string): string => `listeners: { web: { bind: "127.0.0.1:0" } }
rules: [{ name: all, respond: { status: 200, body: "${body}" } }]
workers: 1
drain: 1s
admin: false
`
const hashOf = (text: string): string => createHash('sha256').update(text).digest('hex')

interface Told {
  readonly revision: number
  readonly last: number
  readonly hash: string
  readonly message: string | null
  readonly state: string
  readonly running: boolean
}

const ask = (gateway: Gateway, path: string, init: RequestInit = {}): Promise<Response> =>
  fetch(`http://sluice/api/v1${path}`, {
    unix: controlSocketPath(join(gateway.folder, 'data'), gateway.configFile),
    ...init,
  })

const apply = (gateway: Gateway, text: string, query = ''): Promise<Response> =>
  ask(gateway, `/config?message=the+change${query}`, {
    ...{ method: 'PUT', body: text, headers: { 'Content-Type': 'application/yaml' } },
  })

const told = async (gateway: Gateway): Promise<readonly Told[]> =>
  ((await (await ask(gateway, '/config/revisions')).json()) as { revisions: Told[] }).revisions

/** Applies a text to a gateway that dies behind a step of that; gives the folder. */
async function cut(step: string, query: string): Promise<string> {
  const gateway = await startGateway({
    ...{ config: words('one'), binary: false },
    env: { BUN_OPTIONS: `--preload=${CUT}`, CUT_BEHIND: step, CUT_WHEN: 'cut-now' },
  })
  try {
    // The first text is kept before the second one comes.
    expect((await told(gateway)).map(({ revision }) => revision)).toEqual([1])
    writeFileSync(join(gateway.folder, 'cut-now'), '')
    await apply(gateway, words('two'), query).catch(() => {})
    await gateway.process.exited
    expect(gateway.process.signalCode).toBe('SIGKILL')
  } finally {
    gateway.killNow()
  }
  folders.push(gateway.folder)
  return gateway.folder
}

/** What the file, the database, its companion and the workers say, which must be one thing. */
async function agreed(gateway: Gateway): Promise<{ readonly text: string; readonly all: readonly Told[] }> {
  const text = readFileSync(gateway.configFile, 'utf8')
  const all = await told(gateway)
  const { revision, hash } = gateway.last('serving') as unknown as Told
  expect(words(await (await gateway.fetch('/')).text())).toBe(text)
  expect(hash).toBe(hashOf(text))
  const running = all.filter((one) => one.running)
  expect(running).toMatchObject([{ hash: hashOf(text) }])
  expect(all[0]).toMatchObject({ running: true, last: revision })
  const data = join(gateway.folder, 'data')
  const name = readdirSync(data).find((one) => one.startsWith('revision-')) ?? ''
  expect(JSON.parse(readFileSync(join(data, name), 'utf8'))).toMatchObject({
    revision,
    hash,
    unconfirmed: null,
  })
  return { text, all }
}

/** Goes on: the next change has the next number, and nothing of the one that was cut is in the way. */
async function goesOn(gateway: Gateway): Promise<void> {
  const [newest] = await told(gateway)
  const answer = await apply(gateway, words('three'))
  expect(await answer.json()).toMatchObject({ revision: Number(newest?.last) + 1 })
  expect((await told(gateway))[0]).toMatchObject({ hash: hashOf(words('three')), running: true })
  expect(readdirSync(gateway.folder).filter((name) => name.includes('sluice-new'))).toEqual([])
}

async function plain(step: string, isThere: boolean): Promise<void> {
  const folder = await cut(step, '')
  await using gateway = await startGateway({
    config: readFileSync(join(folder, 'sluice.yaml'), 'utf8'),
    folder,
  })
  const { text, all } = await agreed(gateway)
  expect([step, text === words('two')]).toEqual([step, isThere])
  const facts = all.map(({ revision, message, state }) => [revision, message, state])
  const first = [1, null, 'served']
  expect([step, facts]).toEqual([step, isThere ? [[2, 'the change', 'served'], first] : [first]])
  await goesOn(gateway)
}

async function unconfirmed(step: string): Promise<void> {
  const folder = await cut(step, '&confirm_within=600')
  await using gateway = await startGateway({
    config: readFileSync(join(folder, 'sluice.yaml'), 'utf8'),
    folder,
  })
  const { text, all } = await agreed(gateway)
  expect([step, text]).toEqual([step, words('one')])
  // Where it had come to be served, it was taken back.
  const two = all.filter(({ hash }) => hash === hashOf(words('two')))
  expect(two.map(({ state }) => state)).toEqual(two.map(() => 'reverted'))
  await goesOn(gateway)
}

/** So many gateways at once: each waits for its processes most of the time. */
const AT_ONCE = 5

async function each<T>(list: readonly T[], play: (one: T) => Promise<void>): Promise<void> {
  const left = [...list]
  const one = async (): Promise<void> => {
    for (let next = left.shift(); next !== undefined; next = left.shift()) await play(next)
  }
  await Promise.all(Array.from({ length: AT_ONCE }, one))
}

test('a change that is cut behind any step is there as a whole or not at all', async () => {
  // Nothing is held where nothing is to be confirmed.
  await each(STEPS.slice(1), ([step, isThere]) => plain(step, isThere))
}, 120_000)

test('a change that was to be confirmed is not there after a kill', async () => {
  await each(
    STEPS.filter((_, index) => index % 2 === 0),
    ([step]) => unconfirmed(step),
  )
}, 120_000)
