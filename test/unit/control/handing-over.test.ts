// What a gateway gives away while another one takes over, and that it gives nothing to one that has failed.
import { afterAll, expect, test } from 'bun:test'
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Handing, HandingOver, type HandingHands } from '../../../server/control/handing-over.ts'
import { Operations } from '../../../server/control/operations.ts'
import { staysTrue, waitFor } from '../../support/wait.ts'

const folder = mkdtempSync(join(tmpdir(), 'sluice-handing-over-'))
afterAll(() => rmSync(folder, { recursive: true }))

/** A program that says hello, and wants what there is once the test lets it. */
function wanting(name: string, then: string): { readonly path: string; readonly go: () => void } {
  const path = join(folder, name)
  const gate = join(folder, `${name}.go`)
  const said = [
    `echo '{"type":"hello","pid":'$$',"version":"9"}' >&4`,
    `until [ -e ${gate} ]; do sleep 0.02; done`,
    `echo '{"type":"wants","data":"/data"}' >&4`,
    then,
  ]
  writeFileSync(path, `#!/bin/bash\n${said.join('\n')}\n`)
  chmodSync(path, 0o755)
  return { path, go: () => writeFileSync(gate, '') }
}

/** A running supervisor, as far as it is asked; what it did in order. */
class Running {
  readonly did: string[] = []
  readonly changes: { isChanging: boolean; unconfirmed: object | null } = {
    isChanging: false,
    unconfirmed: null,
  }
  readonly operations = new Operations()
  readonly handing: HandingOver

  constructor() {
    const note = (what: string) => (): void => void this.did.push(what)
    const crew = { workers: [], handOver: () => {} }
    this.handing = new HandingOver(
      {
        options: { predecessor: null, args: [], env: {}, handed: { lent: [] } },
        running: {},
        isDraining: false,
        parts: () => ({ data: '/data', sockets: { handed: () => [] }, turn: { keeper: null } }),
        admin: { rest: () => (this.did.push('admin rests'), null), wake: note('admin wakes') },
        kept: {
          store: { rest: note('store rests'), wake: note('store wakes') },
          folder: null,
          wake: note('kept wakes'),
        },
        live: { keepSoFar: note('figures are kept') },
        changes: this.changes,
        guarded: { operations: this.operations },
        reload: note('reload'),
      } as unknown as Handing,
      {
        crew: () => crew,
        announcer: () => ({ rest: note('announcer rests'), wake: note('announcer wakes') }),
        leave: note('leave'),
      } as unknown as HandingHands,
    )
  }

  begin(program: string, stepMs = 10_000): void {
    expect(this.handing.begin({ program, stepMs, by: 'a test' })).toHaveProperty('process')
  }

  async failed(): Promise<string> {
    await waitFor(() => this.handing.facts.state === 'failed')
    return this.handing.facts.why ?? ''
  }
}

const linux = process.platform === 'linux'

test.if(linux)('one that fails while a change is waited for gets nothing afterwards', async () => {
  const gateway = new Running()
  gateway.changes.isChanging = true
  const other = wanting('fails', 'sleep 0.1; exit 3')
  gateway.begin(other.path)
  other.go()
  expect(await gateway.failed()).toContain('exit code 3')
  await waitFor(() => gateway.did.includes('announcer wakes'))
  gateway.changes.isChanging = false
  // Longer than it takes to look whether the change is over.
  expect(await staysTrue(() => !gateway.did.some((what) => what.endsWith('rests')), 60)).toBe(true)
  expect(gateway.handing.isFrozen).toBe(false)
})

test.if(linux)('a change that is to be confirmed and began meanwhile goes before it', async () => {
  const gateway = new Running()
  const other = wanting('waits', 'sleep 5')
  gateway.begin(other.path)
  gateway.changes.unconfirmed = {}
  other.go()
  expect(await gateway.failed()).toContain('waits to be confirmed')
  await waitFor(() => gateway.did.includes('announcer wakes'))
  expect(gateway.did.filter((what) => what.endsWith('rests'))).toEqual([])
  gateway.changes.unconfirmed = null
  expect(gateway.handing.begin({ program: '/not/there', by: 'a test' })).toHaveProperty('process')
  expect(await gateway.failed()).toContain('ENOENT')
})

test.if(linux)('a change that is watched, or rolled out, is not cut short', () => {
  const gateway = new Running()
  const id = gateway.operations.begin('change.watch', {})
  expect(gateway.handing.begin({ program: '/not/there', by: 'a test' })).toContain(id)
  gateway.operations.end(id, 'done', {})
  expect(gateway.handing.begin({ program: '/not/there', by: 'a test' })).toHaveProperty('process')
})
