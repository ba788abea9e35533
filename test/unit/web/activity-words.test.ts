import { expect, test } from 'bun:test'
import type { ServedRequest } from '../../../web/data/api-types.ts'
import {
  actionWords,
  differenceOf,
  pageOfResource,
  revisionIn,
} from '../../../web/pages/activity/audit-words.ts'
import { chosenEvents, minutesOf } from '../../../web/pages/activity/event-groups.ts'
import { csvOf, ndjsonOf } from '../../../web/pages/activity/export-text.ts'
import { curlOf, whyChosen, whyNoReplay } from '../../../web/pages/activity/request-words.ts'

test('an action is told in words, and one that is not known as it is', () => {
  expect(actionWords('backends.servers.update')).toBe('Server changed')
  expect(actionWords('backends.servers.state.replace')).toBe('State changed')
  expect(actionWords('auth.sign-in')).toBe('Signed in')
  expect(actionWords('moons.paint')).toBe('moons.paint')
})

test('resources lead to their pages', () => {
  expect(pageOfResource('backends/api/servers/a b')).toEndWith('/backends/api/servers/a%20b')
  expect(pageOfResource('rules/shop')).toEndWith('/rules?edit=shop')
  expect(pageOfResource('requests/7-1/replay')).toEndWith('/activity/requests/7-1')
  expect(pageOfResource('moons/io')).toBeNull()
  expect([revisionIn({ revision: 7 }), revisionIn([7]), revisionIn(null)]).toEqual([7, null, null])
})

test('a difference has only the lines that differ, whatever commas are added', () => {
  const text = differenceOf({ name: 'a', url: 'u' }, { name: 'a', url: 'u', weight: 2 })
  expect(text.split('\n').filter((line) => /^[-+]/.test(line))).toEqual(['+  "weight": 2'])
  expect(differenceOf({ a: 1 }, { a: 1 })).toBe('')
  expect(differenceOf(null, { a: 1 })).toBe('@@ -1,0 +1,3 @@\n+{\n+  "a": 1\n+}\n')
})

const event = (id: number, time: string, more: Readonly<Record<string, string>> = {}) => ({
  ...{ id, time, level: 'info', topic: 'health', name: 'health.healthy', event: 'server_up', server: 'a' },
  ...more,
})

test('events are chosen by topic, by how bad they are and by words, and grouped by the minute', () => {
  const all = [
    event(3, '2026-11-30T12:01:30Z', { level: 'warn', event: 'server_down', reason: 'status 503' }),
    event(2, '2026-11-30T12:01:00Z'),
    event(1, '2026-11-30T12:00:59Z', { topic: 'config', event: 'applied' }),
  ]
  const ids = (filter: Parameters<typeof chosenEvents>[1]) => chosenEvents(all, filter).map(({ id }) => id)
  expect(ids({ topics: new Set(['config']) })).toEqual([1])
  expect(ids({ isBad: true })).toEqual([3])
  expect(ids({ words: 'A DOWN 503' })).toEqual([3])
  expect(minutesOf(all).map(({ events }) => events.map(({ id }) => id))).toEqual([[3, 2], [1]])
})

test('an export keeps commas, quotes and lines apart, and is no formula for a spreadsheet', () => {
  const rows = [{ path: '/a,"b"', client: '=cmd()', ms: -1 }]
  const fields = [
    ['path', (row: (typeof rows)[number]) => row.path],
    ['client', (row: (typeof rows)[number]) => row.client],
    ['ms', (row: (typeof rows)[number]) => row.ms],
  ] as const
  expect(csvOf(rows, fields)).toBe('path,client,ms\r\n"/a,""b""",\'=cmd(),-1\r\n')
  expect(ndjsonOf([{ a: 1 }, { a: 2 }])).toBe('{"a":1}\n{"a":2}\n')
})

const REQUEST = {
  ...{
    method: 'GET',
    scheme: 'http',
    host: 'shop',
    path: "/it's?x=1",
    bytes_in: 0,
    headers_cut: false,
    backend: 'b',
  },
  headers: [
    ['Host', 'shop:8080'],
    ['Accept', '*/*'],
    ['Authorization', '(hidden)'],
  ],
  hidden_headers: ['Authorization'],
} as unknown as ServedRequest

test('a request as curl has its port, is quoted for a shell, and has no hidden field', () => {
  expect(curlOf(REQUEST)).toBe(String.raw`curl 'http://shop:8080/it'\''s?x=1' \
  -H 'Accept: */*'`)
})

test('whatever a client sent, a request as curl is words to a shell', () => {
  const method = "X`id`$IFS'|a&b*"
  const evil = {
    ...{ ...REQUEST, method, path: "/$(id)`id`';id;'[1-9]{a,b}" },
    headers: [['x`id`', "$(id)'; id #"]],
  } as unknown as ServedRequest
  const shell = Bun.spawnSync(['sh', '-c', `curl() { printf '%s\n' "$@"; }\n${curlOf(evil)}`])
  expect(shell.stdout.toString().trimEnd().split('\n')).toEqual([
    ...['-g', '-X', method, `http://${REQUEST.host}${evil.path}`],
    ...['-H', "x`id`: $(id)'; id #"],
  ])
})

test('why a request is not sent once more, and why its server was taken, is said', () => {
  expect(whyNoReplay(REQUEST)).toBeNull()
  expect(whyNoReplay({ ...REQUEST, method: 'POST' })).toBe('POST may change something')
  expect(whyChosen('retry')).toStartWith('the one before it was lost')
  expect(whyChosen('retry', 'status_503')).toBe('the one before it was lost (status 503)')
  expect(whyChosen('hedge', 'hedge')).toBe('the one before it let wait (hedge)')
  expect(whyChosen('by_moon')).toBe('by_moon')
})
