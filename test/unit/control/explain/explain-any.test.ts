// Connections and datagrams, and requests that come by listeners which pass connections on.
import { describe, expect, test } from 'bun:test'
import { loadConfig } from '../../../../server/config/load.ts'
import type { Config } from '../../../../server/config/schema.ts'
import { draftGround } from '../../../../server/control/explain/draft-ground.ts'
import {
  type AskedAny,
  explainAny,
  type ExplainedAny,
} from '../../../../server/control/explain/explain-any.ts'
import type { Ground } from '../../../../server/control/explain/explained.ts'
import { offlineGround } from '../../../../server/control/explain/offline.ts'
import { atOnce } from '../../../../server/lib/slices.ts'
import { STATE_DOWN } from '../../../../server/scoreboard/states.ts'

const WORDS = {
  listeners: {
    web: { bind: '0.0.0.0:8080', protocol: 'http' },
    inner: { protocol: 'https', certificates: ['own'] },
    pass: { bind: '0.0.0.0:443', protocol: 'tls' },
    db: { bind: '10.0.0.1:5432', protocol: 'tcp', backend: 'db', deny: ['192.0.2.0/24'] },
    dns: { bind: '0.0.0.0:53', protocol: 'udp', backend: 'dns' },
    turn: { bind: '0.0.0.0:3478', protocol: 'turn', realm: 'x', auth: 'none' },
  },
  certificates: { own: { self_signed: { names: ['a.test'] } } },
  rules: [
    { name: 'mail', match: { server_name: ['mail.test'], listener: ['pass'] }, backend: 'db' },
    { name: 'ours', match: { server_name: ['a.test'], listener: ['pass'] }, listener: 'inner' },
    { name: 'all', match: { listener: ['web', 'inner'] }, respond: { status: 200 } },
  ],
  backends: {
    db: { servers: [{ url: 'tcp://10.0.0.9:5432', name: 'one' }] },
    dns: { servers: [{ url: 'udp://10.0.0.9:53' }] },
  },
}

function configOf(words: object): Config {
  const bytes = new TextEncoder().encode(JSON.stringify(words))
  const loaded = loadConfig('/sluice.json', {}, { readFile: () => bytes })
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems.map(({ path, message }) => [path, message])))
  return loaded.config
}
const GROUND = offlineGround(configOf(WORDS))

const asked = (url: string, more: Partial<AskedAny> = {}): AskedAny => ({
  ...{ method: 'GET', url, headers: [], client: null, listener: null },
  ...more,
})
const told = (url: string, more: Partial<AskedAny> = {}, ground: Ground = GROUND): ExplainedAny => {
  const explained = atOnce(explainAny(asked(url, more), ground))
  if ('problem' in explained) throw new Error(explained.problem)
  return explained
}

describe('a connection', () => {
  test('goes by its port to a tcp listener, and to the servers behind it', () => {
    expect(told('tcp://10.0.0.1:5432')).toMatchObject({
      ...{ kind: 'connection', outcome: 'backend', fault: null },
      listener: { name: 'db', protocol: 'tcp', why: 'it is at 10.0.0.1:5432' },
      gates: [{ gate: 'address', does: 'passes' }],
      backend: { backend: 'db', servers_with_work: 1 },
    })
  })

  test('of an address that is denied is refused, and says by what', () => {
    expect(told('tcp://10.0.0.1:5432', { client: '192.0.2.7' })).toMatchObject({
      ...{ outcome: 'refused', fault: 'denied', detail: '192.0.2.7 is in deny', backend: null },
    })
  })

  test('by TLS that is passed on goes by the name that it asks for', () => {
    expect(told('tls://mail.test:443')).toMatchObject({ rule: { name: 'mail' }, outcome: 'backend' })
    expect(told('tls://a.test:443')).toMatchObject({
      rule: { name: 'ours' },
      handed_to: 'inner',
      outcome: 'requests',
    })
    expect(told('tls://b.test:443')).toMatchObject({
      rule: null,
      outcome: 'no_rule',
      detail: 'no rule is for b.test',
    })
    expect(told('tls://10.0.0.1:443')).toMatchObject({ outcome: 'no_rule', detail: 'it asks for no name' })
    expect(told('tls://10.0.0.1:443', { serverName: 'mail.test' })).toMatchObject({ rule: { name: 'mail' } })
  })

  test('that is none of HTTP is told by the port of the URL, or by the listener that was named', () => {
    expect(told('http://x.test:5432/')).toMatchObject({ kind: 'connection', listener: { name: 'db' } })
    expect(told('http://x.test/', { listener: 'dns' })).toMatchObject({
      kind: 'connection',
      listener: { name: 'dns' },
    })
  })

  test('at a port of nobody says which there are', () => {
    expect(() => told('tcp://10.0.0.1:1')).toThrow(
      'no listener takes tcp at port 1; there are: web at 0.0.0.0:8080',
    )
    expect(() => told('tcp://10.0.0.1')).toThrow('names no port: write tcp://10.0.0.1:PORT, or a listener')
  })
})

test('datagrams go to udp listeners, and to the relay', () => {
  expect(told('udp://10.0.0.1:53')).toMatchObject({ listener: { name: 'dns' }, backend: { backend: 'dns' } })
  expect(told('udp://10.0.0.1:3478')).toMatchObject({ listener: { name: 'turn' }, outcome: 'relay' })
})

describe('a request', () => {
  test('whose connection is passed on to a listener of ours is explained there, with how it came', () => {
    expect(told('https://a.test/x')).toMatchObject({
      ...{
        kind: 'request',
        listener: { name: 'inner', why: 'rule ours of listener pass leads to it' },
        rule: { name: 'all' },
        outcome: 'respond',
      },
      connection: { listener: { name: 'pass' }, rule: { name: 'ours' }, handed_to: 'inner' },
    })
    expect(told('https://mail.test/')).toMatchObject({ kind: 'connection', rule: { name: 'mail' } })
  })

  test('heeds the port that is written where there is one listener of HTTP only', () => {
    const one = offlineGround(
      configOf({
        listeners: { web: { bind: '0.0.0.0:8080', backend: 'db' } },
        backends: { db: { servers: [{ url: 'http://x:1' }] } },
      }),
    )
    const why = (url: string): string => told(url, {}, one).listener.why
    expect(why('http://x.test:8080/')).toBe('it is the only one that speaks HTTP')
    expect(why('http://x.test/')).toBe('it is the only one that speaks HTTP')
    expect(why('http://x.test:9999/')).toBe('none is at port 9999: the only one that speaks HTTP')
  })
})

test('by a draft servers that there are keep their states, and new ones are taken to be up', () => {
  const running = offlineGround(configOf(WORDS))
  const slot = running.states.slots['db']?.servers['one']?.index ?? -1
  running.states.board.setState(slot, STATE_DOWN)
  const servers = [...WORDS.backends.db.servers, { url: 'tcp://10.0.0.8:5432', name: 'new' }]
  const draft = configOf({ ...WORDS, backends: { ...WORDS.backends, db: { servers, panic_threshold: 0 } } })
  const ground = draftGround(draft, running)
  expect(told('tcp://10.0.0.1:5432', {}, ground)).toMatchObject({
    backend: {
      servers: [
        { server: 'one', gets_work: false },
        { server: 'new', gets_work: true },
      ],
    },
  })
})
