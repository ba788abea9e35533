import { expect, test } from 'bun:test'
import { join } from 'node:path'

const SERVER = join(import.meta.dir, '../../../server')

// Events go to the process's own stdout: one of its own says in which order.
test('who reads that a relay ended or was replaced finds everything else in its place', () => {
  const script = `
    import { relayNews } from '${SERVER}/control/news.ts'
    import { Totals } from '${SERVER}/telemetry/registry.ts'
    import { writeSync } from 'node:fs'
    const news = relayNews(new Totals(), { isServing: () => true, onChange: () => writeSync(1, 'changed\\n') })
    news.onExit({ pid: 12 }, { code: null, signal: 'SIGKILL' })
    news.onReplaced({ pid: 13 }, 12)
  `
  const { stdout, stderr } = Bun.spawnSync([process.execPath, '-e', script])
  expect(stderr.toString()).toBe('')
  const lines = stdout.toString().trimEnd().split('\n')
  const events = lines.map((line) =>
    line === 'changed' ? line : (JSON.parse(line) as { event: string }).event,
  )
  expect(events).toEqual(['changed', 'relay_exited', 'changed', 'relay_replaced'])
})
