import { expect, test } from 'bun:test'
import { explainedText } from '../../../../server/cli/explained-text.ts'
import { loadConfig } from '../../../../server/config/load.ts'
import { explain } from '../../../../server/control/explain/explain.ts'
import type { Explained } from '../../../../server/control/explain/explained.ts'
import { offlineGround } from '../../../../server/control/explain/offline.ts'
import { atOnce } from '../../../../server/lib/slices.ts'

function told(method: string, retry: object): Explained {
  const servers = [1, 2].map((port) => ({ url: `http://127.0.0.1:${port}` }))
  const words = {
    listeners: { web: { bind: '127.0.0.1:80', backend: 'app' } },
    backends: { app: { servers, retry } },
  }
  const bytes = new TextEncoder().encode(JSON.stringify(words))
  const loaded = loadConfig('/sluice.json', {}, { readFile: () => bytes })
  if (!loaded.ok) throw new Error(loaded.problems.map(({ message }) => message).join())
  const asked = { method, url: 'http://h/', headers: [], client: null, listener: null }
  const explained = atOnce(explain(asked, offlineGround(loaded.config)))
  if ('problem' in explained) throw new Error(explained.problem)
  return explained
}

test('when a request would be asked again is told by its method and its backend', () => {
  const retry = { statuses: ['502-504', 429], hedge: {}, budget: { least: 7 } }
  expect(told('GET', retry).backend?.retries).toEqual({
    ...{ attempts: 3, is_idempotent: true, statuses: ['502-504', '429'], is_hedged: true },
    ...{ under_way: 0, most: 7 },
  })
  expect(told('POST', retry).backend?.retries).toMatchObject({
    ...{ is_idempotent: false, statuses: [], is_hedged: false },
  })
  expect(told('GET', { attempts: 1 }).backend?.retries).toBeNull()
})

test('and said in words', () => {
  const line = (method: string, retry: object): string | undefined =>
    explainedText({ kind: 'request', ...told(method, retry) }, false)
      .split('\n')
      .find((one) => one.startsWith('retries'))
  expect(line('GET', { statuses: '5xx', hedge: {} })).toBe(
    'retries     up to 3 attempts, where nothing was answered, or in place of 500-599; another beside one that lets wait',
  )
  expect(line('POST', {})).toBe('retries     up to 3 attempts, where nothing had reached a server')
  expect(line('GET', { attempts: 1 })).toBeUndefined()
})
