import { expect, test } from 'bun:test'
import { scanConfig } from '../../../server/cli/scan-config.ts'

test.each([
  ['data: /var/lib/sluice', '/var/lib/sluice'],
  ['listen: x\ndata: "/a b" # there\nbackends: [', '/a b'],
  ["data: './d'\r\n", './d'],
  ['data:   /var/lib/sluice   # ours', '/var/lib/sluice'],
  ['{ "listen": "x",\n  "data": "/d",\n', '/d'],
  ['{"data":"/d"}', '/d'],
  ['data = "/d"\n[admin]\nbind = "x"', '/d'],
  ['[x]\ndata = "/d"', null],
  ['backends:\n  data: { servers: [] }', null],
  ['data: ${DATA}', null],
  ['data:\n', null],
  ['# data: /d', null],
  ['', null],
])('%j tells that data is %j', (text, data) => {
  expect(scanConfig(text).data).toBe(data)
})

test.each<[string, string | false | null]>([
  ['admin: false', false],
  ['admin = false', false],
  ['{ "admin": false }', false],
  ['admin: { bind: "127.0.0.1:9191" }', '127.0.0.1:9191'],
  ["admin: { trusted: [10.0.0.0/8], bind: '[::1]:9191' }", '[::1]:9191'],
  ['listen: x\nadmin:\n  # here\n  trusted: []\n  bind: 127.0.0.1:9191\nrules: [', '127.0.0.1:9191'],
  ['{\n  "admin": {\n    "bind": "127.0.0.1:9191"\n', '127.0.0.1:9191'],
  ['[admin]\ntrusted = []\nbind = "127.0.0.1:9191"', '127.0.0.1:9191'],
  ['admin.bind = "127.0.0.1:9191"', '127.0.0.1:9191'],
  ['admin:\n  trusted: []\nlisteners:\n  web:\n    bind: ":80"', null],
  ['[admin]\ntrusted = []\n[listeners.web]\nbind = ":80"', null],
  ['listeners:\n  admin:\n    bind: ":80"', null],
  ['admin: { bind: "${ADMIN}" }', null],
])('%j tells that admin is %j', (text, admin) => {
  expect(scanConfig(text).admin).toBe(admin)
})

test('long lines without an end cost nothing', () => {
  const text = `admin:${'\n  x: y'.repeat(20_000)}\ndata: ${'x '.repeat(100_000)}"`
  expect(scanConfig(text).admin).toBeNull()
})
