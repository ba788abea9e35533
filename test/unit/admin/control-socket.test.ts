import { afterEach, describe, expect, test } from 'bun:test'
import { existsSync, mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startControlSocket } from '../../../server/admin/control-socket.ts'
import { shellOf } from '../../../server/admin/whole-shell.ts'
import type { Changed } from '../../../server/control/change/changes.ts'
import type { NewText } from '../../../server/control/change/check-given.ts'
import type { ControlFacts } from '../../../server/control/facts.ts'
import type { Question } from '../../../server/turn/messages.ts'
import { controlFacts } from '../../support/control-facts.ts'

const stops: (() => void)[] = []
afterEach(() => {
  for (const stop of stops.splice(0).toReversed()) stop()
})

interface Scene {
  readonly path: string
  readonly asked: Question[]
  answer: unknown
  listeners: string[]
  reloaded: Changed
  fetch(target: string, method?: string): Promise<{ status: number; type: string | null; body: unknown }>
}

function scene(folder = 'data', more: Partial<ControlFacts> = {}): Scene {
  const base = mkdtempSync(join(tmpdir(), 'control-'))
  const path = join(base, folder, 'control.sock')
  const made: Scene = {
    path,
    asked: [],
    answer: [],
    listeners: ['turn', 'more'],
    reloaded: { is: 'not_now' },
    fetch: async (target, method = 'GET') => {
      const response = await fetch(`http://localhost${target}`, { unix: path, method })
      const text = await response.text()
      const type = response.headers.get('content-type')
      return { status: response.status, type, body: text === '' ? null : JSON.parse(text) }
    },
  }
  const facts = controlFacts({
    listeners: () => made.listeners,
    ask: (question) => {
      made.asked.push(question)
      return made.answer instanceof Error ? Promise.reject(made.answer) : Promise.resolve(made.answer)
    },
    reload: () => Promise.resolve(made.reloaded),
    stop: () => ({ process: { pid: 7, started: '99' }, within_ms: 2000 }),
    ...more,
  })
  const server = startControlSocket({ path, shell: shellOf(facts) })
  stops.push(() => {
    server.stop()
    rmSync(base, { recursive: true, force: true })
  })
  return made
}

describe('the control socket', () => {
  test('is for this user alone, whatever the mask, and gone when it stops', () => {
    const mask = process.umask(0o002)
    const { path } = scene()
    expect(process.umask(mask)).toBe(0o002)
    expect(statSync(path).mode & 0o777).toBe(0o600)
    expect(statSync(join(path, '..')).mode & 0o777).toBe(0o700)
    stops.splice(0)[0]?.()
    expect(existsSync(path)).toBe(false)
  })

  test('works where the path is longer than a Unix socket’s can be', async () => {
    const { fetch, path } = scene('x'.repeat(120))
    expect(path.length).toBeGreaterThan(107)
    expect((await fetch('/api/v1/turn/allocations')).status).toBe(200)
  })

  test('lists allocations', async () => {
    const made = scene()
    made.answer = [{ id: 'a' }]
    expect(await made.fetch('/api/v1/turn/allocations')).toEqual({
      status: 200,
      type: 'application/json',
      body: [{ id: 'a' }],
    })
    expect(made.asked).toEqual([{ ask: 'list' }])
  })

  test('ends one that is there; what is not there is 404', async () => {
    const made = scene()
    made.answer = true
    expect(await made.fetch('/api/v1/turn/allocations/a%2Fb', 'DELETE')).toMatchObject({
      status: 204,
      body: null,
    })
    expect(made.asked).toEqual([{ ask: 'end', allocation: 'a/b' }])
    made.answer = false
    expect(await made.fetch('/api/v1/turn/allocations/x', 'DELETE')).toMatchObject({
      status: 404,
      type: 'application/problem+json',
      body: { status: 404, detail: 'There is no allocation x.' },
    })
  })

  test('says why a peer is refused', async () => {
    const made = scene()
    for (const [target, peer] of [
      ['10.0.0.1', '10.0.0.1'],
      ['10.0.0.1:80', '10.0.0.1:80'],
      ['fe80::1', 'fe80::1'],
      [encodeURIComponent('[fe80::1]:80'), '[fe80::1]:80'],
    ]) {
      expect((await made.fetch(`/api/v1/turn/peers/${target}`)).status).toBe(200)
      expect(made.asked.at(-1)).toEqual({ ask: 'explain', listener: null, peer: peer! })
    }
    await made.fetch('/api/v1/turn/peers/10.0.0.1?listener=more')
    expect(made.asked.at(-1)).toEqual({ ask: 'explain', listener: 'more', peer: '10.0.0.1' })
  })

  test('what is not asked right is a problem, and the relay is not asked', async () => {
    const made = scene()
    expect(await made.fetch('/api/v1/turn/peers/example.org')).toMatchObject({
      status: 400,
      body: { detail: 'example.org is not an IP address.' },
    })
    expect(await made.fetch('/api/v1/turn/peers/10.0.0.1?listener=web')).toMatchObject({
      status: 404,
      body: { detail: 'There is no turn listener web; there are: turn, more.' },
    })
    expect((await made.fetch('/api/v1/turn/allocations', 'DELETE')).status).toBe(405)
    expect((await made.fetch('/api/v1/turn/allocations/x')).status).toBe(405)
    expect((await made.fetch('/api/v1/turn/peers/10.0.0.1', 'DELETE')).status).toBe(405)
    for (const target of [
      '/nowhere',
      '/api/v1/turn/allocations/',
      '/api/v1/turn/peers/',
      '/api/v1/turn/peers/%',
    ])
      expect((await made.fetch(target)).status).toBe(404)
    expect(made.asked).toEqual([])
  })

  test('a relay that does not answer is 503', async () => {
    const made = scene()
    made.answer = new Error('there is no TURN relay now')
    expect(await made.fetch('/api/v1/turn/allocations')).toMatchObject({
      status: 503,
      body: { detail: 'there is no TURN relay now' },
    })
  })

  test('a gateway without turn listeners says so', async () => {
    const made = scene()
    made.listeners = []
    expect(await made.fetch('/api/v1/turn/allocations')).toMatchObject({
      status: 404,
      body: { detail: 'This gateway has no turn listener.' },
    })
    expect(made.asked).toEqual([])
  })

  test('tells health and metrics', async () => {
    const { fetch } = scene()
    expect(await fetch('/_health')).toMatchObject({ status: 200, body: { workers: { serving: 1 } } })
    expect(await fetch('/_metrics')).toMatchObject({ status: 200, body: { total_requests: 0 } })
    expect((await fetch('/_health', 'POST')).status).toBe(405)
  })

  test('a reload is answered with the revision, or with what stands against the file', async () => {
    const made = scene()
    const reload = () => made.fetch('/api/v1/reload', 'POST')
    expect(await reload()).toMatchObject({ status: 503 })
    made.reloaded = { is: 'applied', revision: 3, hash: 'abc' }
    expect(await reload()).toMatchObject({ status: 200, body: { revision: 3 } })
    const problem = { path: 'workers', message: 'found x', line: 2, text: 'f:2 workers: found x' }
    made.reloaded = { is: 'rejected', revision: 3, problems: [problem] }
    expect(await reload()).toMatchObject({
      status: 422,
      type: 'application/problem+json',
      body: {
        detail: 'The file was refused: revision 3 goes on.',
        errors: [{ path: 'workers', message: 'found x', line: 2 }],
      },
    })
    expect((await made.fetch('/api/v1/reload')).status).toBe(405)
  })

  test('a stop is answered before it is over, with whom to wait for', async () => {
    expect(await scene().fetch('/api/v1/stop', 'POST')).toMatchObject({
      status: 202,
      body: { process: { pid: 7, started: '99' }, within_ms: 2000 },
    })
  })
})

test('a word of a change that is not understood is refused: it may have meant to change nothing', async () => {
  const applied: NewText[] = []
  const { path } = scene('data', {
    apply: (given) => {
      applied.push(given)
      return Promise.resolve({ changed: { is: 'applied', revision: 2, hash: 'abc' }, warnings: [] })
    },
  })
  const put = async (query: string): Promise<number> =>
    (await fetch(`http://localhost/api/v1/config${query}`, { unix: path, method: 'PUT', body: 'text' }))
      .status
  for (const query of [
    '?dry_run',
    '?dry_run=1',
    '?dry_run=True',
    '?dry-run=true',
    '?confirm=5',
    '?confirm_within=',
  ])
    expect([query, await put(query)]).toEqual([query, 400])
  expect(applied).toEqual([])
  expect([await put('?dry_run=true'), await put('?dry_run=false&confirm_within=5'), await put('')]).toEqual([
    200, 200, 200,
  ])
  expect(applied.map(({ isDryRun, confirmWithinMs }) => [isDryRun, confirmWithinMs])).toEqual([
    [true, null],
    [false, 5000],
    [false, null],
  ])
})
