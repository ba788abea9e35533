// A limit of file sizes stands for a disk that is full: a write that reaches it is cut short, the next one
// fails.
import { expect, test } from 'bun:test'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { waitFor, within } from '../../support/wait.ts'

const COUNT = 5000
const PROGRAM = Bun.which('prlimit')

test.skipIf(PROGRAM === null)(
  `${PROGRAM === null ? 'skipped: needs prlimit: ' : ''}a disk that was full holds whole lines only, and all of them once there is room`,
  async () => {
    const folder = mkdtempSync(join(tmpdir(), 'sluice-full-'))
    const file = join(folder, 'a.log')
    const writer = join(import.meta.dir, 'full-disk-writer.ts')
    // 301 blocks of 512 bytes: in the midst of a line, and of the second batch.
    const limits = 'trap "" XFSZ; ulimit -S -f 301'
    const child = Bun.spawn(
      ['sh', '-c', `${limits}; exec "${process.execPath}" "${writer}" "${file}" ${COUNT}`],
      { stdin: 'pipe', stdout: 'pipe', stderr: 'inherit' },
    )
    let said = ''
    void (async () => {
      for await (const bytes of child.stdout) said += Buffer.from(bytes).toString()
    })()
    await waitFor(() => said.includes('full'), { what: 'the disk to be full' })
    const whole = (): string => readFileSync(file, 'latin1')
    expect(whole().length).toBeGreaterThan(150_000)
    expect(whole().endsWith('\n')).toBe(true)
    expect(Bun.spawnSync(['prlimit', '--pid', String(child.pid), '--fsize=unlimited']).exitCode).toBe(0)
    void child.stdin.end()
    expect(await within(child.exited, 'the end')).toBe(0)
    expect(said).toContain('dropped 0')
    const expected = Array.from({ length: COUNT }, (_, i) => `${i} ${'x'.repeat(i % 200)}\n`).join('')
    expect(whole() === expected).toBe(true)
    rmSync(folder, { recursive: true })
  },
)
