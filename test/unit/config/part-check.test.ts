// Edits of one config after the other, each checked in parts and as a whole: what the parts are found to be
// is what the whole is, and what they are found sound in nobody else finds anything against.
import { expect, test } from 'bun:test'
import { parseConfig } from '../../../server/config/load.ts'
import { changedParts } from '../../../server/config/changed-parts.ts'
import { type Edit, type Value, valueOf, withEdit } from '../../../server/config/edit/values.ts'
import { treeIn } from '../../../server/config/edit/tree-in.ts'
import { type PartChecked, partCheckSteps } from '../../../server/config/part-check.ts'
import type { Config } from '../../../server/config/schema.ts'
import { atOnce } from '../../../server/lib/slices.ts'
import { seededRandom, seedOfRun } from '../../support/random.ts'

const FILE = '/etc/sluice/sluice.json'
const NOW_MS = Date.UTC(2026, 0, 2)
const ENV = { HOST: '10.0.0.9' }

const START = {
  listeners: {
    web: { bind: '127.0.0.1:8080' },
    inner: { bind: '127.0.0.1:8081' },
    names: { bind: '127.0.0.1:8443', protocol: 'tls' },
    db: { bind: '127.0.0.1:5432', protocol: 'tcp', backend: 'db' },
  },
  rules: [
    { name: 'here', match: { path: '/here' }, backend: 'api' },
    { name: 'inner', match: { listener: 'inner', path: '/b' }, backend: 'var' },
    { name: 'sni', match: { server_name: 'a.example' }, backend: 'db' },
    { name: 'gone', match: { path: '/gone' }, respond: { status: 410 } },
  ],
  backends: {
    api: { servers: [{ url: 'http://10.0.0.1:80', weight: 3 }, { url: 'http://10.0.0.2:80' }] },
    var: { servers: [{ url: 'http://${HOST}:80' }], health_check: { path: '/h' } },
    db: { servers: [{ url: 'tcp://10.0.0.3:5432' }] },
  },
}

interface Whole {
  readonly config: Config
  readonly value: Value
  readonly warnings: number
}

/** Null: there is something wrong with it. */
function whole(value: unknown): Whole | null {
  const text = JSON.stringify(value)
  const loaded = parseConfig(FILE, new TextEncoder().encode(text), ENV, { nowMs: NOW_MS })
  const tree = treeIn(FILE, text)
  if (!loaded.ok || tree === null) return null
  return { config: loaded.config, value: valueOf(tree), warnings: loaded.warnings.length }
}

const plainOf = (value: Value): unknown =>
  value instanceof Map
    ? Object.fromEntries([...value].map(([key, item]) => [key, plainOf(item)]))
    : Array.isArray(value)
      ? value.map(plainOf)
      : value

function inParts({ config, value }: Whole, after: Value): PartChecked | null {
  const counts = { rules: config.rules.length, backends: Object.keys(config.backends).length }
  const parts = changedParts(value, after, counts)
  return parts && atOnce(partCheckSteps({ config, parts, file: FILE, nowMs: NOW_MS }))
}

const edited = (before: Whole, ...edits: Edit[]): Value =>
  edits.reduce<Value>((value, edit) => withEdit(value, edit), before.value)
const start = whole(START) as Whole
const partsOf = (...edits: Edit[]): PartChecked | null => inParts(start, edited(start, ...edits))
const SERVERS = ['backends', 'api', 'servers'] as const

test('what an edit leaves as it is stays the same object, and what is new is told apart', () => {
  expect(start.warnings).toBe(0)
  const server = partsOf({ do: 'insert', path: [...SERVERS, 2], to: { url: 'http://10.0.0.7:80' } })
  expect(server?.config.backends['api']?.servers.map(({ url }) => url)).toEqual([
    'http://10.0.0.1:80',
    'http://10.0.0.2:80',
    'http://10.0.0.7:80',
  ])
  expect(server?.config.rules.every((rule, i) => rule === start.config.rules[i])).toBe(true)
  expect(server?.config.backends['var']).toBe(start.config.backends['var'])
  expect([server?.added?.rules, Object.keys(server?.added?.backends ?? {})]).toEqual([[], ['api', 'db']])

  const to = { name: 'more', match: { path: '/more' }, backend: 'var' }
  const rule = partsOf({ do: 'insert', path: ['rules', 1], to })
  expect(rule?.config.rules.map(({ name }) => name)).toEqual(['here', 'more', 'inner', 'sni', 'gone'])
  expect(rule?.config.rules[2]).toBe(start.config.rules[1]!)
  expect(rule?.added?.rules.map(({ name }) => name)).toEqual(['more'])
  expect(Object.keys(rule?.added?.backends ?? {})).toEqual(['var', 'db'])

  expect(partsOf({ do: 'move', path: ['rules', 3], to: 0 })?.added).toBeNull()
  expect(partsOf({ do: 'remove', path: ['rules', 3] })?.config.rules.length).toBe(3)
})

test('whatever is not simply sound is for the whole check', () => {
  const at = (path: Edit['path'], to: never): PartChecked | null => partsOf({ do: 'set', path, to })
  const rule = (to: object): PartChecked | null =>
    partsOf({ do: 'insert', path: ['rules', 4], to: { name: 'more', ...to } as never })
  const server = (to: object): PartChecked | null =>
    partsOf({ do: 'insert', path: [...SERVERS, 2], to: to as never })
  const refused: readonly (PartChecked | null)[] = [
    // Wrong, or worth a warning, by itself.
    server({ url: 'http://10.0.0.1:80' }),
    server({ url: 'ftp://10.0.0.1:80' }),
    server({ url: 'http://127.0.0.1:8080' }),
    server({ url: 'http://10.0.0.7:80', wieght: 3 }),
    rule({ match: { path: '/x/' }, backend: 'api' }),
    rule({ match: { path: '/x' }, backend: 'none' }),
    rule({ match: { path: '/x' } }),
    // Beside others.
    rule({ name: 'here', match: { path: '/x' }, backend: 'api' }),
    rule({ match: { path: '/here' }, backend: 'api' }),
    rule({ match: { path: '/x', listener: 'inner' }, backend: 'db' }),
    partsOf({ do: 'insert', path: ['rules', 0], to: { name: 'all', backend: 'api' } }),
    partsOf({ do: 'remove', path: ['rules', 1] }),
    partsOf({ do: 'insert', path: ['backends', 'more'], to: { servers: [{ url: 'http://10.0.0.8' }] } }),
    partsOf({ do: 'remove', path: ['backends', 'api'] }),
    at(['backends', 'db', 'servers', 0, 'url'], 'http://10.0.0.3:80' as never),
    at(['backends', 'db', 'servers', 0, 'url'], 'tls://10.0.0.3:5432' as never),
    // It names what is not looked at here, or is no rule and no backend.
    server({ url: 'http://${HOST}:81' }),
    at(['backends', 'var', 'servers', 0, 'weight'], 2 as never),
    server({ url: 'http://unix:/run/app.sock' }),
    at(['backends', 'api', 'tls'], { ca: '/etc/ssl/none.pem' } as never),
    at(['listeners', 'web', 'bind'], '127.0.0.1:8082' as never),
    at(['workers'], 3 as never),
  ]
  expect(refused.map((one) => one === null)).toEqual(refused.map(() => true))
})

const PATHS = ['/here', '/a', '/b', '/c/*', '/c/', '/*', 'none', '/gone', '/a/*']
const URLS = ['http://10.0.0.1:80', 'http://10.0.0.5:81', 'tcp://10.0.0.6:90', 'https://a.example', 'none']

test('random edits, one after the other, mean what the whole config means, and are as sound', () => {
  const seed = seedOfRun()
  const random = seededRandom(seed)
  let found = 0
  let before = start
  for (let i = 0; i < 800; i++) {
    const { config } = before
    const backends = Object.keys(config.backends)
    const name = `n${random.below(6)}`
    const index = random.below(config.rules.length + 1)
    const rule = {
      name,
      match: {
        path: random.pick(PATHS),
        ...(random.below(4) === 0 && { listener: random.pick(['web', 'inner', 'db', 'names']) }),
        ...(random.below(9) === 0 && { server_name: 'b.example' }),
      },
      ...(random.below(5) > 0
        ? { backend: random.pick([...backends, 'none']) }
        : { respond: { status: 200 } }),
    }
    const backend = random.pick(backends)
    const server = { url: random.pick(URLS), weight: random.below(4) }
    const edits: Edit[] = random.pick<() => Edit[]>([
      () => [{ do: 'insert', path: ['rules', index], to: rule }],
      () => [{ do: 'set', path: ['rules', index], to: rule }],
      () => [{ do: 'remove', path: ['rules', index] }],
      () => [{ do: 'move', path: ['rules', index], to: random.below(config.rules.length) }],
      () => [{ do: 'insert', path: ['backends', backend, 'servers', 0], to: server }],
      () => [{ do: 'remove', path: ['backends', backend, 'servers', 0] }],
      () => [{ do: 'set', path: ['backends', backend, 'algorithm'], to: 'random' }],
      () => [{ do: 'set', path: ['backends', backend, 'sticky'], to: { cookie: 'a' } }],
      () => [{ do: 'remove', path: ['backends', backend] }],
      () => [
        { do: 'insert', path: ['backends', name], to: { servers: [server] } },
        { do: 'insert', path: ['rules', index], to: { ...rule, backend: name } },
      ],
    ])()
    let after: Value
    try {
      after = edited(before, ...edits)
    } catch {
      continue // there is no such place
    }
    const parts = inParts(before, after)
    const all = whole(plainOf(after))
    if (parts !== null) {
      found++
      if (all === null || !Bun.deepEquals(parts.config, all.config, true))
        throw new Error(`seed ${seed}: ${JSON.stringify(edits)} on ${JSON.stringify(plainOf(before.value))}`)
      if (all.warnings > before.warnings)
        throw new Error(`seed ${seed}: a warning is not told of ${JSON.stringify(edits)}`)
      // The next one is made from what was found in parts.
      before = { ...all, config: parts.config }
    } else if (all !== null && all.warnings === 0 && config.rules.length < 9) before = all
    if (config.rules.length > 12) before = start
  }
  expect(found).toBeGreaterThan(100)
})
