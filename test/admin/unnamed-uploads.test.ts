// Uploaded certificates that nothing names any more, of a gateway that runs: at a start and after a change.
import { expect, test } from 'bun:test'
import { mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startGateway } from '../support/gateway.ts'

const [AT_START, LATER, KEPT, YOUNG] = ['1', '2', '3', '4'].map((one) => `site-${one.repeat(16)}.key`) as [
  string,
  string,
  string,
  string,
]
const config = (note: string): Record<string, unknown> => ({
  listeners: { web: { bind: '127.0.0.1:0', protocol: 'http' } },
  rules: [{ name: 'all', respond: { status: 200 } }],
  'x-note': note,
})

test('files go once neither what is served nor a revision names them, and not within the hour', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'unnamed-uploads-'))
  const uploaded = join(folder, 'data', 'uploaded')
  mkdirSync(uploaded, { recursive: true })
  const put = (name: string, ageS: number): void => {
    writeFileSync(join(uploaded, name), '')
    const at = Date.now() / 1000 - ageS
    utimesSync(join(uploaded, name), at, at)
  }
  try {
    for (const name of [AT_START, KEPT]) put(name, 7200)
    put(YOUNG, 60)
    await using gateway = await startGateway({ config: config(KEPT), folder })
    expect((await gateway.event('uploads_removed'))['files']).toEqual([AT_START])
    put(LATER, 7200)
    // The first revision still names it.
    await gateway.apply(config('nothing'))
    expect((await gateway.event('uploads_removed'))['files']).toEqual([LATER])
    expect(readdirSync(uploaded).toSorted()).toEqual([KEPT, YOUNG])
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})
