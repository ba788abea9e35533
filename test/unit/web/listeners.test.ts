import { expect, test } from 'bun:test'
import { backendsFor } from '../../../web/pages/listeners/listener-backends.ts'
import { effectiveRows } from '../../../web/pages/listeners/effective.ts'
import { type ListenerFields, writtenAs } from '../../../web/pages/listeners/listener-fields.ts'
import { isOwnDoor, rowsOf } from '../../../web/pages/listeners/listener-rows.ts'
import { readAddress } from '../../../web/pages/listeners/pasted-address.ts'
import { errorsOf } from '../../../web/pages/listeners/trial-errors.ts'

const resource = (id: string, configured: ListenerFields, address: string | null) => ({
  ...{ id, etag: '"1"', configured, effective: configured, live: { address } },
  place: { file: 'sluice.yaml', line: 3, column: 3, end_line: 3 },
})

test.each([
  ['8080', '0.0.0.0:8080', null],
  [':8080', '0.0.0.0:8080', null],
  [' 10.0.0.1:80 ', '10.0.0.1:80', null],
  ['localhost:3000', '127.0.0.1:3000', null],
  ['*:443', '0.0.0.0:443', null],
  ['[::]:8443', '[::]:8443', null],
  ['https://0.0.0.0/', '0.0.0.0:443', 'https'],
  ['https://10.0.0.1:8443/path?x=1', '10.0.0.1:8443', 'https'],
  ['http://localhost:3000', '127.0.0.1:3000', 'http'],
  ['http://[::1]:80/', '[::1]:80', 'http'],
  ['turn:0.0.0.0', '0.0.0.0:3478', 'turn'],
  ['udp://0.0.0.0:53', '0.0.0.0:53', 'udp'],
  ['0.0.0.0:10000-10010', '0.0.0.0:10000-10010', null],
  ['unix:/run/web.sock', 'unix:/run/web.sock', null],
] as const)('%s is read as %s', (text, bind, protocol) => {
  expect(readAddress(text)).toEqual({ bind, protocol })
})

test.each(['', 'web', 'tcp://10.0.0.1', '::1', 'a b:80x'])('%p is no address', (text) => {
  expect(readAddress(text)).toBeNull()
})

test('a list of one is written as a word, unless a list was written before', () => {
  expect(writtenAs(['a'], undefined)).toBe('a')
  expect(writtenAs(['a'], 'b')).toBe('a')
  expect(writtenAs(['a'], ['a', 'b'])).toEqual(['a'])
  expect(writtenAs(['a', 'b'], 'a')).toEqual(['a', 'b'])
  expect(writtenAs([], 'a')).toBeNull()
})

test('problems of the config stand at the fields of their listener', () => {
  const errors = errorsOf('web', [
    { path: 'listeners.web.bind', message: 'cannot listen on 127.0.0.1:1', hint: 'python3 has it' },
    { path: 'listeners.web.limits.connections', message: 'found "a"' },
    { path: 'listeners.web2.bind', message: 'of another' },
    { path: 'rules[0]', message: 'of a rule' },
  ])
  expect(errors).toEqual({
    '/bind': 'Cannot listen on 127.0.0.1:1: python3 has it.',
    '/limits/connections': 'Found "a".',
  })
  expect(errorsOf('a.b', [{ path: 'listeners["a.b"].bind[1]', message: 'no' }])).toEqual({ '/bind/1': 'No.' })
})

test('the list shows what the draft makes of it', () => {
  const resources = [
    resource('web', { bind: '127.0.0.1:80' }, '127.0.0.1:80'),
    resource('old', { bind: '127.0.0.1:81', protocol: 'tcp' }, '127.0.0.1:81'),
  ]
  const rows = rowsOf({
    resources,
    counted: [
      { name: 'web', protocol: 'http', address: '', open: 3, total: 9, faults: 1, counts: 'connections' },
    ],
    problems: [],
    changes: [
      {
        ...{ op: 'update', resource: 'listeners/web', etag: '"1"', base: { bind: '127.0.0.1:80' } },
        patch: { bind: '127.0.0.1:82' },
      },
      { op: 'delete', resource: 'listeners/old', etag: '"1"', base: {} },
      {
        op: 'create',
        resource: 'listeners/new',
        value: { name: 'new', bind: '127.0.0.1:83', protocol: 'udp' },
      },
    ],
  })
  expect(rows.map(({ name, addresses, draft, protocol }) => [name, addresses[0], draft, protocol])).toEqual([
    ['web', '127.0.0.1:82', 'changed', 'http'],
    ['old', '127.0.0.1:81', 'removed', 'tcp'],
    ['new', '127.0.0.1:83', 'new', 'udp'],
  ])
  expect(rows[0]).toMatchObject({ open: 3, total: 9, faults: 1 })
})

test('whoever came through a listener is told so', () => {
  const here = { hostname: 'gw.example', port: '8443', protocol: 'https:' }
  expect(isOwnDoor(['0.0.0.0:8443'], here)).toBe(true)
  expect(isOwnDoor(['127.0.0.1:8443'], here)).toBe(false)
  expect(isOwnDoor(['0.0.0.0:443'], { ...here, port: '' })).toBe(true)
  expect(isOwnDoor(['0.0.0.0:80'], { ...here, port: '' })).toBe(false)
})

test('what takes effect says which of it is written', () => {
  const rows = effectiveRows(
    { bind: ['a:1'], limits: { body: '10MiB', connections: 5 }, trusted_proxies: [], unix: {} },
    { bind: 'a:1', limits: { connections: 5 } },
  )
  expect(rows).toEqual([
    { path: 'bind', value: 'a:1', isWritten: true },
    { path: 'limits.body', value: '10MiB', isWritten: false },
    { path: 'limits.connections', value: '5', isWritten: true },
    { path: 'trusted_proxies', value: 'none', isWritten: false },
  ])
})

test('a listener leads to backends of its kind, to those of the draft too', () => {
  const backend = (id: string, url: string) => ({ id, configured: { servers: [{ url }] } })
  const written = [backend('api', 'http://a:1'), backend('db', 'tcp://b:1'), backend('old', 'http://c:1')]
  const changes = [
    { op: 'create', resource: 'backends/new', value: { name: 'new', servers: [{ url: 'https://d:1' }] } },
    { op: 'create', resource: 'backends/api/servers/x', value: { url: 'http://e:1' } },
    { op: 'delete', resource: 'backends/old', etag: '"1"', base: {} },
  ] as const
  expect(backendsFor('http', written, changes)).toEqual(['api', 'new'])
  expect(backendsFor('tcp', written, changes)).toEqual(['db'])
  expect(backendsFor('turn', written, changes)).toEqual([])
})
