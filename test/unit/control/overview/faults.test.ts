import { expect, test } from 'bun:test'
import { parseConfig } from '../../../../server/config/load.ts'
import { faultProblems } from '../../../../server/control/overview/of-faults.ts'
import { NOW_MS, seenWith } from '../../../support/seen-with.ts'

function problemsAt(nowMs: number, ...middleware: object[]) {
  const rules = [{ name: 'shop', respond: {}, middleware }]
  const text = JSON.stringify({ listeners: { web: { bind: ':8080' } }, rules })
  const loaded = parseConfig('t.yaml', Buffer.from(text), {})
  if (!loaded.ok) throw new Error(loaded.problems.map(({ message }) => message).join('\n'))
  return [...faultProblems(seenWith({ config: loaded.config, nowMs }))]
}

const until = new Date(NOW_MS + 3_600_000).toISOString()
const faults = {
  until,
  delay: { time: '500ms', percent: 10 },
  abort: { percent: 2.5 },
  header: { 'X-Chaos': '1' },
}

test('who looks at the state is told that requests fail as somebody wants it, and until when', () => {
  expect(problemsAt(NOW_MS, { faults })).toMatchObject([
    {
      ...{ state: 'injected', severity: 'warn' },
      title: 'Rule shop has some of its requests fail, for another 1 h',
      cause: `Its faults say so: of those with X-Chaos 10 % wait 500 ms, 2.5 % get 503. They are over at ${until}.`,
    },
  ])
})

test('not once they are over, nor of those in shadow or off', () => {
  expect(problemsAt(NOW_MS + 3_600_000, { faults })).toEqual([])
  expect(
    problemsAt(NOW_MS, { faults: { ...faults, mode: 'shadow' } }, { faults: { ...faults, mode: 'off' } }),
  ).toEqual([])
})
