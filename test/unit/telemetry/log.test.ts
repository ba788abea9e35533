import { expect, test } from 'bun:test'
import { readFileSync } from 'node:fs'
import { logEventTo, type EventLogOptions } from '../../../server/telemetry/log.ts'

function eventLog(options: Partial<EventLogOptions> = {}) {
  const out: string[] = []
  const err: string[] = []
  const nowMs = (): number => Date.UTC(2026, 0, 2, 3, 4, 5, 678)
  const stdout = (line: string): void => void out.push(line)
  const stderr = (line: string): void => void err.push(line)
  return { out, err, log: logEventTo({ level: 'info', format: 'json', stdout, stderr, nowMs, ...options }) }
}

test('lifecycle events go to stdout as JSON, whatever level and format', () => {
  const { out, err, log } = eventLog({ level: 'error', format: 'text' })
  log('info', 'serving', { revision: 1, listeners: { web: '127.0.0.1:80' } })
  log('warn', 'server_down', { backend: 'api', reason: 'connect refused' })
  expect(out).toEqual([
    '{"time":"2026-01-02T03:04:05.678Z","level":"info","event":"serving","revision":1,"listeners":{"web":"127.0.0.1:80"}}\n',
    '{"time":"2026-01-02T03:04:05.678Z","level":"warn","event":"server_down","backend":"api","reason":"connect refused"}\n',
  ])
  expect(err).toEqual([])
})

test('the events that operating.md names go to stdout, whatever level', () => {
  const page = readFileSync(new URL('../../../docs/operating.md', import.meta.url), 'utf8')
  const row = /^\| stdout \|([^|]*)\|/m.exec(page)?.[1] ?? ''
  const named = [...row.matchAll(/`([a-z_]+)`/g)].map(([, event = '']) => event)
  expect(named).toContain('rolled_back')
  const { out, err, log } = eventLog({ level: 'error' })
  for (const event of named) log('info', event)
  expect(out.map((line) => (JSON.parse(line) as { event: string }).event)).toEqual(named)
  expect(err).toEqual([])
})

test('diagnostics go to stderr from their level up', () => {
  const { out, err, log } = eventLog({ level: 'warn' })
  log('debug', 'probe')
  log('info', 'probe')
  log('warn', 'probe', { why: 'x' })
  log('error', 'probe')
  expect(out).toEqual([])
  expect(err.map((line) => JSON.parse(line) as unknown)).toEqual([
    { time: '2026-01-02T03:04:05.678Z', level: 'warn', event: 'probe', why: 'x' },
    { time: '2026-01-02T03:04:05.678Z', level: 'error', event: 'probe' },
  ])
})

test('the text form is one line, even with line feeds in a field', () => {
  const { err, log } = eventLog({ format: 'text' })
  log('warn', 'access_log_failed', { file: '/a b', reason: 'no\nspace', tries: 3, more: undefined })
  expect(err).toEqual([
    '2026-01-02T03:04:05.678Z WARN  access_log_failed file="/a b" reason="no\\nspace" tries=3 more=null\n',
  ])
})
