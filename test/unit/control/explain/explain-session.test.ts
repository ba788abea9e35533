import { expect, test } from 'bun:test'
import { StickySeal } from '../../../../server/backends/sticky-seal.ts'
import { loadConfig } from '../../../../server/config/load.ts'
import { type ExplainedBackend } from '../../../../server/control/explain/explain-backend.ts'
import { explain } from '../../../../server/control/explain/explain.ts'
import type { Ground } from '../../../../server/control/explain/explained.ts'
import { offlineGround } from '../../../../server/control/explain/offline.ts'
import { unixSeconds } from '../../../../server/lib/clock.ts'
import { atOnce } from '../../../../server/lib/slices.ts'
import { STATE_DOWN } from '../../../../server/scoreboard/states.ts'

const SECRET = 'a secret of the tests'
const COOKIE = 'sluice_sticky'

const BACKENDS = {
  api: {
    sticky: { secret: SECRET },
    servers: ['a', 'b'].map((name) => ({ name, url: `http://${name}:80` })),
  },
  made: { sticky: true, servers: [{ url: 'http://127.0.0.1:1' }] },
  keyed: {
    sticky: { header: 'X-User' },
    servers: ['a', 'b', 'c'].map((name) => ({ url: `http://${name}:80` })),
  },
}

function groundOf(): Ground {
  const rules = [
    { name: 'made', match: { path: '/made' }, backend: 'made' },
    { name: 'keyed', match: { path: '/keyed' }, backend: 'keyed' },
    { name: 'all', backend: 'api' },
  ]
  const words = { listeners: { web: { bind: '127.0.0.1:80' } }, rules, backends: BACKENDS }
  const bytes = new TextEncoder().encode(JSON.stringify(words))
  const loaded = loadConfig('/sluice.json', {}, { readFile: () => bytes })
  if (!loaded.ok) throw new Error(loaded.problems.map(({ message }) => message).join())
  return offlineGround(loaded.config)
}

function told(ground: Ground, path: string, ...headers: [string, string][]): ExplainedBackend | null {
  const asked = { method: 'GET', url: `http://h${path}`, headers, client: null, listener: null }
  const explained = atOnce(explain(asked, ground))
  if ('problem' in explained) throw new Error(explained.problem)
  return explained.backend
}

const seal = new StickySeal('api', [SECRET])
const cookieOf = (server: string): string => `${COOKIE}=${seal.seal(server, unixSeconds())}`

test('a cookie leads to the server that has its session, or it is told why not', () => {
  const ground = groundOf()
  const session = (value: string): unknown => told(ground, '/', ['Cookie', value])?.sticky
  const cookie = COOKIE
  expect(session('x=1')).toEqual({ cookie, result: 'new', server: null, why: null })
  expect(session(cookieOf('b'))).toEqual({ cookie, result: 'hit', server: 'b', why: null })
  expect(session(`${cookieOf('b')}x`)).toEqual({ cookie, result: 'forged', server: null, why: null })
  expect(session(cookieOf('z'))).toEqual({ cookie, result: 'moved', server: null, why: 'gone' })
  const { board, slots } = ground.states
  board.setState(slots['api']!.servers['b']!.index, STATE_DOWN)
  expect(session(cookieOf('b'))).toEqual({ cookie, result: 'moved', server: 'b', why: 'down' })
})

test('what the gateway alone can read is said to be that, until it is asked', () => {
  const ground = groundOf()
  const made = new StickySeal('made', ['the one that was made'])
  const value = `${COOKIE}=${made.seal('http://127.0.0.1:1', unixSeconds())}`
  expect(told(ground, '/made', ['Cookie', value])?.sticky).toMatchObject({ result: null, server: null })
  const live = { ...ground, states: { ...ground.states, stickySecret: 'the one that was made' } }
  expect(told(live, '/made', ['Cookie', value])?.sticky).toMatchObject({ result: 'hit', why: null })
})

test('sessions by a field are told as what a hash leads to', () => {
  const ground = groundOf()
  expect(told(ground, '/keyed', ['X-User', 'u'])).toMatchObject({
    sticky: null,
    hashed_by: 'header X-User',
    hashed_to: expect.stringMatching(/^http:/),
  })
  expect(told(ground, '/keyed')).toMatchObject({ hashed_to: null })
})
