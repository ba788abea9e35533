import { afterAll, describe, expect, test } from 'bun:test'
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { thisMachine } from '../../../server/cli/this-machine.ts'
import { parseConfig } from '../../../server/config/load.ts'
import { formatProblem } from '../../../server/config/problem.ts'

const folder = mkdtempSync(join(tmpdir(), 'sluice-machine-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
writeFileSync(join(folder, 'file'), '')

function warningsOf(text: string, machine = thisMachine): string[] {
  const file = join(folder, 'sluice.yaml')
  const parsed = parseConfig(file, Buffer.from(text), {}, { nowMs: 0, machine })
  return (parsed.ok ? parsed.warnings : parsed.problems).map((problem) =>
    formatProblem({ ...problem, file: '' }),
  )
}

const short = (more: string, listen = '127.0.0.1:0'): string =>
  `listen: "${listen}"\nbackends: [{ url: "http://a:1" }]\n${more}`

describe('what a config needs of the machine is a warning', () => {
  test('an address that it lacks', () => {
    expect(warningsOf(short('', '192.0.2.77:8080'))).toEqual([
      ':1:1 listen: warning: found "192.0.2.77:8080", which is no address of this machine, allowed an address of the machine that it runs on; there it is one, or nothing can be opened',
    ])
  })

  test('a name that it does not know by itself, for a listener and for the dashboard', () => {
    const [web, , admin, ...none] = warningsOf(
      short('admin: { bind: "other.invalid:9090" }', 'example.invalid:8080'),
    )
    expect(web).toBe(
      ':1:1 listen: warning: found "example.invalid:8080", a name that this machine does not know by itself, allowed an address of the machine that it runs on; it is looked up at the start, and nothing can be opened where DNS does not know it, or leads elsewhere',
    )
    expect(admin).toContain('admin.bind: warning: found "other.invalid:9090", a name')
    expect(none).toEqual([])
    const known = { ...thisMachine, knowsName: (name: string) => name === 'web1' }
    for (const bind of ['web1:8080', 'unix:/tmp/a.sock'])
      expect(warningsOf(short('', bind), known)).toEqual([])
    expect(warningsOf(short('', 'eth0:8080'))).toEqual([expect.stringContaining('interfaces are not known')])
  })

  test('not one that it has, nor every address, nor a machine that does not tell', () => {
    for (const bind of [':8080', '0.0.0.0:8080', '[::]:8080', '127.0.0.9:8080', 'localhost:8080'])
      expect(warningsOf(short('', bind))).toEqual([])
    expect(warningsOf(short('', '192.0.2.77:8080'), { ...thisMachine, addresses: () => null })).toEqual([])
  })

  test('a command of dns-01 that cannot be run', () => {
    const dns = (command: string): string[] =>
      warningsOf(`
listeners: { web: { bind: "127.0.0.1:8443", protocol: https, certificates: a, backend: b } }
certificates: { a: { acme: { domains: x.org, agree_to_terms: true, challenge: dns-01, dns: { command: ["${command}"] } } } }
backends: { b: { servers: [{ url: "http://a:1" }] } }`)
    writeFileSync(join(folder, 'hook.sh'), '#!/bin/sh\n', { mode: 0o755 })
    for (const command of ['./hook.sh', 'sh', '/bin/sh']) expect(dns(command)).toEqual([])
    writeFileSync(join(folder, 'plain.sh'), '#!/bin/sh\n', { mode: 0o644 })
    for (const [command, why] of [
      ['./plain.sh', 'which this user may not execute'],
      ['./gone.sh', 'where no file is'],
      ['sluice-no-such-program', 'which is in no folder of PATH'],
    ] as const)
      expect(dns(command)).toEqual([expect.stringContaining(`found "${command}", ${why}`)])
  })

  test('a folder that cannot be made, where a file stands', () => {
    expect(warningsOf(short('data: file/data'))[0]).toContain(
      ' data: warning: found "file/data", where a file stands',
    )
    expect(warningsOf(short('data: not/there/yet'))).toEqual([])
  })

  test('a log in a folder that is not there, or where a folder stands', () => {
    expect(warningsOf(short('logs: { access: { file: gone/a.log } }'))[0]).toContain(
      'logs.access.file: warning: found "gone/a.log", in a folder that is not there',
    )
    mkdirSync(join(folder, 'dir'))
    expect(warningsOf(short('logs: { access: { file: dir } }'))[0]).toContain('where a folder stands')
    expect(warningsOf(short('logs: { access: { file: dir/a.log } }'))).toEqual([])
  })

  // Root may write everywhere.
  test.skipIf(process.getuid?.() === 0)('a folder that this user may not write', () => {
    mkdirSync(join(folder, 'closed'))
    chmodSync(join(folder, 'closed'), 0o500)
    expect(warningsOf(short('data: closed'))[0]).toContain('which this user may not write')
  })
})
