import { expect, test } from 'bun:test'
import { readFileSync, readlinkSync } from 'node:fs'
import { StartCode, giveBackStartCode, unwrittenMappings } from '../../../server/lib/start-code.ts'

const mapping = (range: string, permissions: string, file: string, anonymousKb: number): string =>
  `${range} ${permissions} 00018000 fe:00 1234                       ${file}
Size:               1000 kB
Rss:                 800 kB
Anonymous:          ${String(anonymousKb).padStart(5)} kB
AnonHugePages:         0 kB
VmFlags: rd ex mr mw me
`

test('only what nobody can write and nobody has written is given back, of the executable alone', () => {
  const smaps = [
    mapping('00200000-00201000', 'r--p', '/opt/a gateway', 0),
    mapping('00400000-00600000', 'r-xp', '/opt/a gateway', 0),
    // Filled in at the start, then made read-only: the file does not have it.
    mapping('00600000-00601000', 'r--p', '/opt/a gateway', 4),
    mapping('00700000-00800000', 'rw-p', '/opt/a gateway', 0),
    mapping('00800000-00900000', 'r-xs', '/opt/a gateway', 0),
    mapping('7f0000000000-7f0000001000', 'r-xp', '/lib/libc.so.6', 0),
    mapping('7f0000002000-7f0000003000', 'rw-p', '', 0),
  ].join('')
  expect(unwrittenMappings(smaps, '/opt/a gateway')).toEqual([
    { start: 0x200000, bytes: 0x1000 },
    { start: 0x400000, bytes: 0x200000 },
  ])
})

test.skipIf(process.platform !== 'linux')('code that was given back comes again when it is used', () => {
  const file = readlinkSync('/proc/self/exe')
  expect(unwrittenMappings(readFileSync('/proc/self/smaps', 'utf8'), file).length).toBeGreaterThan(0)
  giveBackStartCode()
  Bun.gc(true)
  expect(JSON.parse('{"a":[1,2]}')).toEqual({ a: [1, 2] })
  expect(new TextDecoder().decode(Bun.gunzipSync(Bun.gzipSync('again')))).toBe('again')
})

test('it is given back once at rest after a start and after each new plan, and not between requests', () => {
  let times = 0
  const code = new StartCode(() => void times++)
  const look = (looks: number, isQuiet: boolean): number => {
    for (let i = 0; i < looks; i++) code.look(isQuiet)
    return times
  }
  for (let i = 0; i < 10; i++) expect(look(4, true) + look(1, false)).toBe(0)
  expect(look(60, true)).toBe(1)
  expect(look(5, false) + look(60, true)).toBe(2)
  code.used()
  expect(look(60, true)).toBe(2)
})
