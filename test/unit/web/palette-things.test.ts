import { expect, test } from 'bun:test'
import type { Names } from '../../../web/data/api-types.ts'
import { configuredThings, foundIn, orderThings, thing } from '../../../web/shell/palette-things.ts'

const server = (name: string, state: string | null = 'up') => ({
  name,
  url: `http://10.0.0.1/${name}`,
  state,
})
const NAMES: Names = {
  ...{ listeners: ['web'], certificates: ['shop.example'], rules: ['api', 'all'] },
  backends: [
    { name: 'api', servers: [server('api-1'), server('api-2', 'draining')] },
    { name: 'shop', servers: [server('shop-1', 'down')] },
  ],
}
const none = () => undefined
const labels = (query: string): string[] =>
  foundIn([...orderThings(NAMES, query, none), ...configuredThings(NAMES)], query).map(
    ({ thing: { label, group } }) => `${group}: ${label}`,
  )

test('orders are offered to who types one, and only where they change something', () => {
  expect(labels('drain')).toEqual(['Actions: Drain api-1…', 'Actions: Drain shop-1…'])
  expect(labels('ready')).toEqual(['Actions: Make api-2 ready…'])
  expect(labels('api-1 dra')).toEqual(['Actions: Drain api-1…'])
})

test('a name leads to the thing, not to orders', () => {
  expect(labels('api')).toEqual([...['Backends: api', 'Rules: api', 'Servers: api-1', 'Servers: api-2']])
})

test('a server is found by its address and by its backend', () => {
  expect(labels('10.0.0.1/shop')).toContain('Servers: shop-1')
  expect(labels('shop 1')).toContain('Servers: shop-1')
})

test('what can be done stands before where one can go', () => {
  const all = [
    ...configuredThings(NAMES),
    thing({ id: 'x', group: 'Actions', label: 'Add a rapid one', icon: 'plus' }),
  ]
  expect(foundIn(all, 'api')[0]?.thing.id).toBe('x')
})

test('paths are those of the thing, with what is no letter in them escaped', () => {
  const names = { ...NAMES, backends: [{ name: 'a b', servers: [server('http://[::1]:80')] }] }
  const paths = configuredThings(names).map(({ path }) => path)
  expect(paths).toContain('/backends/a%20b/servers/http%3A%2F%2F%5B%3A%3A1%5D%3A80')
})

test('what is sick says so, what is well is quiet', () => {
  const [api, shop] = configuredThings(NAMES)
  expect([api?.hint, api?.state]).toEqual(['backend · 1 of 2 up', 'warn'])
  expect([shop?.hint, shop?.state]).toEqual(['backend · down', 'down'])
})
